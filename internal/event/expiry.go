package event

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"math"
	"time"
)

// metDaysLeft compares the whole days until the token's certificate is over,
// negative ones when it is; a token without a certificate never fits.
func metDaysLeft(_ context.Context, p *probe, value string) (bool, error) {
	left, ok := daysLeft(p.token.Info["certificate"], p.now)
	return ok && CompareNumber(value, left), nil
}

func daysLeft(text string, now time.Time) (int64, bool) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return 0, false
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return 0, false
	}
	return int64(math.Floor(c.NotAfter.Sub(now).Hours() / 24)), true
}
