package api

import (
	"context"
	"io"
	"maps"
	"net/http"

	"edumfa/internal/login"
)

// Answer is what an operation answers. Events and policies that run behind it
// may change it; it is signed and written last.
type Answer struct {
	Status int
	// Body is the JSON object of the answer: detail, id, jsonrpc, result, …
	Body map[string]any
	// usedType and serial are those of the token that was right; transactions are
	// those of the challenges that the answer asks. Policies need them whatever the
	// body may tell.
	usedType     string
	serial       string
	transactions []string
	// Plain, when not nil, is sent as it is instead of Body.
	Plain *Plain
	// AnyOrigin lets the scripts of any web page read the answer: login pages
	// poll from the browser. Only for answers that hold nothing but a verdict.
	AnyOrigin bool
	// stamped: time, versions and thread are in the body already, and may have been
	// changed or taken out since.
	stamped bool
}

// Plain is an answer that is no JSON.
type Plain struct {
	Type     string // content type
	FileName string // "" for no attachment
	Header   map[string]string
	Data     []byte
	// Stream, when not nil, writes the content instead of Data, after the status
	// is sent: its error can only be logged.
	Stream func(ctx context.Context, w io.Writer) error
}

// ok is an answer of the administrative calls.
func ok(value any) *Answer { return okDetail(value, nil) }

// okDetail is ok with details; nil or empty ones are left out.
func okDetail(value any, detail map[string]any) *Answer {
	a := &Answer{Status: http.StatusOK, Body: map[string]any{
		"id": 1, "jsonrpc": "2.0", "result": map[string]any{"status": true, "value": value},
	}}
	if len(detail) > 0 {
		a.Body["detail"] = detail
	}
	return a
}

// Words of result.authentication.
const (
	authAccept    = "ACCEPT"
	authReject    = "REJECT"
	authChallenge = "CHALLENGE"
	authDeclined  = "DECLINED"
)

// verdict is an answer of the validate family: value as the call has it, and
// what it means.
func verdict(value any, authentication string, detail map[string]any) *Answer {
	a := okDetail(value, detail)
	a.Body["id"] = 2
	a.result()["authentication"] = authentication
	return a
}

// loginVerdict is the verdict on a login.
func loginVerdict(value any, authentication string, reply login.Reply) *Answer {
	a := verdict(value, authentication, loginDetail(reply))
	if a.usedType = reply.Used; a.usedType == "" {
		a.usedType = reply.Type
	}
	a.serial = reply.Serial
	for _, p := range reply.Prompts {
		a.transactions = append(a.transactions, p.TransactionID)
	}
	return a
}

func (a *Answer) result() map[string]any {
	r, _ := a.Body["result"].(map[string]any)
	if r == nil {
		r = map[string]any{}
	}
	return r
}

func (a *Answer) value() any { return a.result()["value"] }

func (a *Answer) setValue(v any) { a.result()["value"] = v }

// detail is the member detail, nil when the answer has none.
func (a *Answer) detail() map[string]any {
	d, _ := a.Body["detail"].(map[string]any)
	return d
}

func (a *Answer) detailText(name string) string {
	s, _ := a.detail()[name].(string)
	return s
}

// accepted reports whether the answer says that somebody is who he says he is.
func (a *Answer) accepted() bool {
	switch v := a.value().(type) {
	case bool:
		return v
	case map[string]any:
		yes, _ := v["auth"].(bool)
		return yes
	}
	return false
}

// loginDetail writes a login's reply as the member detail. What is empty is left
// out: clients stumble over null.
func loginDetail(r login.Reply) map[string]any {
	d := map[string]any{}
	set := func(name, v string) {
		if v != "" {
			d[name] = v
		}
	}
	set("message", r.Message)
	set("serial", r.Serial)
	set("type", r.Type)
	maps.Copy(d, r.Detail)
	if r.OTPLen > 0 {
		d["otplen"] = r.OTPLen
	}
	changeDates(d, r.NextPINChange, r.PINChangeDue, r.NextPasswordChange, r.PasswordChangeDue)
	if !r.Prompted {
		return d
	}
	challenges := make([]any, 0, len(r.Prompts))
	ids := make([]any, 0, len(r.Prompts))
	for _, p := range r.Prompts {
		c := promptDetail(p)
		for k, v := range c { // the last challenge is repeated at the top, for old clients
			if k != "message" && (!r.Brief || k == "transaction_id") {
				d[k] = v
			}
		}
		challenges = append(challenges, c)
		ids = append(ids, p.TransactionID)
	}
	messages := make([]any, 0, len(r.Messages))
	for _, m := range r.Messages {
		messages = append(messages, m)
	}
	d["multi_challenge"], d["transaction_ids"], d["messages"] = challenges, ids, messages
	return d
}

func promptDetail(p login.Prompt) map[string]any {
	c := map[string]any{"transaction_id": p.TransactionID, "serial": p.Serial, "type": p.Type, "client_mode": p.ClientMode, "message": p.Message}
	if p.HasAttributes {
		c["attributes"] = nil
		if p.Attributes != nil {
			c["attributes"] = p.Attributes
		}
	}
	if p.Image != "" || p.HasImage {
		c["image"] = p.Image
	}
	changeDates(c, p.NextPINChange, p.PINChangeDue, p.NextPasswordChange, p.PasswordChangeDue)
	return c
}

func changeDates(d map[string]any, pin string, pinDue bool, pw string, pwDue bool) {
	if pin != "" {
		d["next_pin_change"], d["pin_change"] = pin, pinDue
	}
	if pw != "" {
		d["next_password_change"], d["password_change"] = pw, pwDue
	}
}
