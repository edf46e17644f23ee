package audit

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"
)

// ChainText is the text of a row that codes and hashes of the chain cover: all
// columns but the signature, each with its length in bytes before it, so that no
// two rows have the same text. NULL is "-". The row must be as the database
// returns it.
func ChainText(r Row) []byte {
	b := make([]byte, 0, 512)
	add := func(v *string) {
		if v == nil {
			b = append(b, '-', ',')
			return
		}
		b = strconv.AppendInt(b, int64(len(*v)), 10)
		b = append(b, ':')
		b = append(b, *v...)
		b = append(b, ',')
	}
	number := func(n *int64) {
		if n == nil {
			b = append(b, '-', ',')
			return
		}
		b = strconv.AppendInt(b, *n, 10)
		b = append(b, ',')
	}
	at := func(t *time.Time) {
		if t == nil {
			b = append(b, '-', ',')
			return
		}
		b = t.AppendFormat(b, "2006-01-02T15:04:05.000000,")
	}
	number(&r.ID)
	at(r.Date)
	at(r.StartDate)
	if r.Duration == nil {
		number(nil)
	} else {
		number(new(r.Duration.Microseconds()))
	}
	number(r.Success)
	for _, v := range []*string{r.Action, r.Serial, r.TokenType, r.User, r.Realm, r.Resolver, r.Administrator, r.ActionDetail, r.Info, r.Server,
		r.Client, r.LogLevel, r.ClearanceLevel, r.ThreadID, r.Policies} {
		add(v)
	}
	return b
}

// RowHash is the hash of a row as checkpoints have it: SHA-256 in Base64 without
// padding, 43 characters.
func RowHash(r Row) string {
	sum := sha256.Sum256(ChainText(r))
	return base64.RawStdEncoding.EncodeToString(sum[:])
}
