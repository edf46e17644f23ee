package otp

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"time"
)

// MOTPStep is the time step of mOTP.
const MOTPStep = 10 * time.Second

// MOTP is the value of a Mobile-OTP token: the first digits characters (at most
// 32) of the lower-case hex MD5 over counter, key and PIN. The counter is the
// Unix time in steps of ten seconds. key is the key as text: its letter case
// counts, because applications hash it the way they show it.
func MOTP(counter int64, key, pin string, digits int) string {
	var buf [2 * md5.Size]byte
	msg := make([]byte, 0, 20+len(key)+len(pin))
	return string(motp(&buf, msg, counter, key, pin, digits))
}

func motp(buf *[2 * md5.Size]byte, msg []byte, counter int64, key, pin string, digits int) []byte {
	msg = strconv.AppendInt(msg, counter, 10)
	msg = append(msg, key...)
	msg = append(msg, pin...)
	sum := md5.Sum(msg)
	hex.Encode(buf[:], sum[:])
	return buf[:min(max(digits, 0), len(buf))]
}

// FindMOTP looks for otp in the steps center-2*window … center+2*window-1 and
// reports the lowest that fits. The window is doubled because a step is only ten
// seconds.
func FindMOTP(key, pin string, digits int, center int64, window int, otp string) (int64, bool) {
	if digits < 1 || len(otp) != min(digits, 2*md5.Size) {
		return 0, false
	}
	window = 2 * min(max(window, 0), MaxWindow/2)
	want := []byte(otp)
	var buf [2 * md5.Size]byte
	msg := make([]byte, 0, 20+len(key)+len(pin))
	for c, end := below(center, window), above(center, window); c < end; c++ {
		if subtle.ConstantTimeCompare(motp(&buf, msg, c, key, pin, digits), want) == 1 {
			return c, true
		}
	}
	return 0, false
}
