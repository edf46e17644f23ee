package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/audit"
	"edumfa/internal/change"
	"edumfa/internal/event"
	"edumfa/internal/mfaerr"
	"edumfa/internal/pyjson"
)

// threadID stands where other programs show the number of a thread: clients
// show or ignore it.
const threadID = int64(140000000000001)

// finish stores what the request changed, and its audit row, in one transaction.
// A refused request changes nothing but leaves its row.
func (a *API) finish(ctx context.Context, r *Request, answer *Answer, failed error) error {
	if failed != nil {
		if e := mfaerr.Wrap(failed); e.Kind == mfaerr.Busy || e.Kind == mfaerr.Internal || e.Kind == mfaerr.Database {
			r.Changes.Reset()
		}
		a.noteFailure(r, failed)
	}
	if r.Route.NoAudit || r.unknown {
		if r.Changes.Empty() {
			return nil
		}
		return a.carryOut(ctx, r, nil)
	}
	// a client that hangs up leaves its trace
	ctx = context.WithoutCancel(ctx)
	entry := &audit.Entry{Row: a.auditRow(r, r.Route.auditAction(r.HTTP.Method)), Sign: a.AuditSigning.Sign}
	if a.Config.ReduceAudit() && reducible(&entry.Row) {
		entry = nil
		if r.Changes.Empty() {
			return nil
		}
	}
	return a.carryOut(ctx, r, entry)
}

// carryOut stores what the request changed so far, and its audit row.
func (a *API) carryOut(ctx context.Context, r *Request, entry *audit.Entry) error {
	if err := a.Store.Apply(ctx, r.Changes.All(), entry); err != nil {
		return err
	}
	for _, c := range r.Changes.All() {
		switch c := c.(type) {
		case change.NewChallenge:
			a.expiries.Note(c.Challenge.Expiration)
		case change.Enqueue:
			a.Wake()
		}
	}
	return nil
}

// reducible rows are the anonymous ones of passkey challenges and events.
func reducible(row *audit.Row) bool {
	named := row.User != nil && *row.User != "" || row.Serial != nil && *row.Serial != ""
	action := *row.Action
	return !named && (action == "POST /validate/triggerchallenge" || strings.Contains(action, "PRE-EVENT") || strings.Contains(action, "POST-EVENT"))
}

func (a *API) noteFailure(r *Request, failed error) {
	e := mfaerr.Wrap(failed)
	r.Audit.Success = 0
	switch e.Kind {
	case mfaerr.Auth, mfaerr.Policy:
		message := e.Public
		if m, ok := e.Detail["message"].(string); ok && m != "" {
			message += "|" + m
		}
		before := ""
		if r.Audit.Info != nil {
			before = *r.Audit.Info
		}
		r.Audit.Info = text(before + "," + message)
	default:
		r.Audit.Info = text(e.Message())
	}
}

// auditRow makes the row of a request.
func (a *API) auditRow(r *Request, action string) audit.Row {
	now := a.Now().In(a.Local).Truncate(time.Microsecond)
	start := r.Now.In(a.Local).Truncate(time.Microsecond)
	took := now.Sub(start)
	t := &r.Audit
	success := t.Success
	row := audit.Row{
		Date: &now, StartDate: &start, Duration: &took, Action: &action, Success: &success, Serial: t.Serial, TokenType: t.TokenType,
		User: t.User, Realm: t.Realm, Resolver: t.Resolver, Administrator: t.Administrator, Info: t.Info, ActionDetail: t.Detail,
		Server: text(a.Config.AuditServer(r.HTTP.Host)), ThreadID: text(t.thread()),
	}
	if row.Info == nil {
		row.Info = text("")
	}
	if row.ActionDetail == nil {
		row.ActionDetail = text("")
	}
	if r.Client.IsValid() {
		row.Client = text(r.Client.String())
	}
	if len(t.Policies) > 0 {
		row.Policies = text(strings.Join(t.Policies, ","))
	}
	// A value too long would be refused by the database, and the row lost.
	row.Truncate(a.Config.AuditColumnLengths())
	return row
}

// auditFired writes the row of an event handler that ran.
func (a *API) auditFired(ctx context.Context, r *Request, f event.Fired) error {
	row := a.auditRow(r, f.Action())
	ran := int64(1)
	if f.Err != nil {
		ran = 0
	}
	row.Success = &ran
	if f.Position == event.Pre && (r.Route.Path == "/auth" || strings.HasPrefix(r.Route.Path, "/validate/")) {
		// logins name the user when they know who he is
		row.User, row.Realm, row.Resolver, row.Serial, row.TokenType = nil, nil, nil, nil, nil
	}
	row.Info = text(f.Definition.Name)
	row.ActionDetail = text(optionsText(event.Censored(f.Definition.Options)))
	row.Truncate(a.Config.AuditColumnLengths())
	if a.Config.ReduceAudit() && reducible(&row) {
		return nil
	}
	return a.Store.Apply(context.WithoutCancel(ctx), nil, &audit.Entry{Row: row, Sign: a.AuditSigning.Sign})
}

// failure is the answer to a request that failed.
func failure(e *mfaerr.Error) *Answer {
	var detail any
	if e.Detail != nil {
		detail = e.Detail
	}
	return &Answer{Status: e.Status(), Body: map[string]any{
		"detail": detail, "id": 1, "jsonrpc": "2.0",
		"result": map[string]any{"error": map[string]any{"code": e.Code, "message": e.Message()}, "status": false},
	}}
}

// write signs an answer and sends it.
func (a *API) write(ctx context.Context, w http.ResponseWriter, answer *Answer, nonce string, hasNonce bool) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	if answer.AnyOrigin {
		h.Set("Access-Control-Allow-Origin", "*")
	}
	if answer.Plain != nil {
		a.writePlain(ctx, w, answer)
		return
	}
	a.stamp(answer)
	data, err := a.signed(answer.Body, nonce, hasNonce)
	if err != nil {
		a.Log.ErrorContext(ctx, "answer cannot be written", "error", err)
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(answer.Status)
	_, _ = w.Write(data)
}

// stamp puts into an answer what all answers have, once.
func (a *API) stamp(answer *Answer) {
	if answer.stamped || answer.Plain != nil {
		return
	}
	answer.stamped = true
	answer.Body["time"] = float64(a.Now().UnixMicro()) / 1e6
	answer.Body["version"] = "eduMFA " + a.Version
	if _, failed := answer.result()["error"]; !failed {
		answer.Body["versionnumber"] = a.Version
	}
	if d := answer.detail(); len(d) > 0 {
		d["threadid"] = threadID
	}
}

// signed is the text of an answer with its signature last. The signature covers
// the text without it, members sorted by name at every level.
func (a *API) signed(body map[string]any, nonce string, hasNonce bool) ([]byte, error) {
	if a.Signer == nil || !a.SignAnswers {
		return pyjson.Marshal(body)
	}
	if hasNonce {
		body["nonce"] = nonce
	}
	data, err := pyjson.MarshalSorted(body)
	if err != nil {
		return nil, err
	}
	s, err := a.Signer.Sign(data)
	if err != nil {
		return nil, err
	}
	data = append(data[:len(data)-1], `, "signature": "`...)
	data = append(data, s...)
	return append(data, `"}`...), nil
}

func (a *API) writePlain(ctx context.Context, w http.ResponseWriter, answer *Answer) {
	p := answer.Plain
	h := w.Header()
	contentType := p.Type
	if strings.HasPrefix(contentType, "text/") {
		contentType += "; charset=utf-8"
	}
	h.Set("Content-Type", contentType)
	if p.FileName != "" {
		h.Set("Content-Disposition", "attachment; filename="+p.FileName)
	}
	for k, v := range p.Header {
		h.Set(k, v)
	}
	w.WriteHeader(answer.Status)
	if p.Stream != nil {
		if err := p.Stream(ctx, w); err != nil {
			a.Log.ErrorContext(ctx, "file cannot be written to its end", "file", p.FileName, "error", err)
		}
		return
	}
	if answer.Status != http.StatusNoContent && answer.Status != http.StatusNotModified {
		_, _ = w.Write(p.Data)
	}
}
