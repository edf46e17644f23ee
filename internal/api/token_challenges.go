package api

import (
	"context"
	"encoding/json"
	"net/http"

	"edumfa/internal/challenge"
)

// tokenChallenges is a page of challenges. Those that no answer can use any more
// are left out, unless the setting DisableAutoChallengeJanitor keeps them.
func (a *API) tokenChallenges(ctx context.Context, r *Request) (*Answer, error) {
	page, size, err := pageOf(r)
	if err != nil {
		return nil, err
	}
	p := r.Params
	f := challenge.Filter{Serial: r.HTTP.PathValue("serial"), TransactionID: p.TextOr("transaction_id", "")}
	if !r.Snap.Settings.Bool("DisableAutoChallengeJanitor", false) {
		f.OpenAt = r.Now
	}
	if f.Realms, err = a.listRealms(ctx, r, "getchallenges"); err != nil {
		return nil, err
	}
	order := challenge.Order{By: p.TextOr("sortby", "timestamp"), Desc: p.TextOr("sortdir", "asc") == "desc"}
	list, total, err := a.Store.ChallengePage(ctx, f, order, (page-1)*size, size)
	if err != nil {
		return nil, err
	}
	rows := make([]any, 0, len(list))
	for _, c := range list {
		rows = append(rows, map[string]any{
			"id": c.ID, "transaction_id": c.TransactionID, "challenge": c.Challenge, "serial": c.Serial, "data": challengeData(c.Data),
			"timestamp": c.Timestamp.UTC().Format(http.TimeFormat), "expiration": c.Expiration.UTC().Format(http.TimeFormat),
			"otp_received": c.Received > 0, "received_count": c.Received, "otp_valid": c.Valid,
		})
	}
	r.Audit.Success = 1
	return ok(paged("challenges", rows, page, size, total)), nil
}

// challengeData shows what a challenge keeps: JSON as what it means, all else as
// text.
func challengeData(data string) any {
	var v any
	if data == "" || json.Unmarshal([]byte(data), &v) != nil {
		return data
	}
	return v
}
