package app

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"edumfa/internal/change"
	"edumfa/internal/event/handler/webhook"
	"edumfa/internal/keystore"
	"edumfa/internal/mail"
	"edumfa/internal/mfaerr"
	"edumfa/internal/queue"
	"edumfa/internal/smsprovider"
	"edumfa/internal/snapshot"
	"edumfa/internal/tokentype"
)

// Kinds of jobs.
const (
	jobMail = "mail"
	jobText = "sms"
)

// openQueue makes the job queue, and the mailer and the texter that use it where
// the configuration says so. What the queue delivers goes out at once.
func (a *App) openQueue(k keys, lists *snapshot.Outlets) (mailer, texter) {
	d, c := a.deps, a.Config
	// What waits longer than a list is kept must see what was put right meanwhile.
	current := snapshot.NewOutlets(nil, a.Store)
	now := mailer{lists: current, keys: k, sender: mail.Sender{Now: d.Now, Rand: d.Rand}, outlets: newOutlets(d.Now)}
	a.Queue = &queue.Queue{
		Store: a.Store, Keys: k, MaxAge: c.JobQueueMaxAge, Node: settings{c}.NodeFor(""), Now: d.Now, Rand: d.Rand, Log: d.Log,
		Kinds: JobKinds(now, texter{lists: current, kinds: SMSKinds(now.mailText, c.SMSScriptDir, d.Rand)}, a.hookSender(k)),
	}
	d.Metrics.JobQueue(a.Queue.State)
	post := now
	post.lists = lists
	if c.JobQueue {
		post.queue = a.Queue
	}
	texts := texter{lists: lists, outlets: now.outlets, kinds: SMSKinds(post.mailText, c.SMSScriptDir, d.Rand)}
	if c.JobQueue && c.JobQueueSMS {
		texts.queue = a.Queue
	}
	return post, texts
}

func (a *App) hookSender(k keys) *webhook.Sender {
	return &webhook.Sender{Open: k.OpenPassword, Time: a.deps.Now, Rand: a.deps.Rand}
}

// hooks posts to web servers, through the job queue if the configuration has one.
func (a *App) hooks(k keys) webhook.Handler {
	h := webhook.Handler{Sender: a.hookSender(k)}
	if a.Config.JobQueue {
		h.Later = a.Queue.Enqueue
	}
	return h
}

// SealJob encrypts the payload of a job, which may hold a one-time password.
func (k keys) SealJob(payload []byte) (string, error) {
	data, iv, err := k.Encrypt(keystore.Value, payload, k.rand)
	return iv + ":" + data, err
}

// OpenJob decrypts it.
func (k keys) OpenJob(sealed string) ([]byte, error) {
	iv, data, _ := strings.Cut(sealed, ":")
	return k.Decrypt(keystore.Value, data, iv)
}

// mailJob is the payload of a mail. The server is looked up when it is sent, so
// that a server that was put right takes the mails that wait for it.
type mailJob struct {
	Server  string       `json:"server"`
	Message mail.Message `json:"message"`
}

// textJob is the payload of a text message.
type textJob struct {
	Gateway   string `json:"gateway"`
	Phone     string `json:"phone"`
	Login     string `json:"login,omitempty"`
	Text      string `json:"text"`
	PostCheck bool   `json:"post_check,omitempty"`
}

// MailLater makes a job of a mail, where its server wants that and there is a
// queue.
func (m mailer) MailLater(ctx context.Context, serverID string, message tokentype.Mail) (change.Change, bool, error) {
	if m.queue == nil {
		return nil, false, nil
	}
	s, err := m.definition(ctx, serverID)
	if err != nil || !s.Enqueue {
		return nil, false, nil // sending says what is wrong
	}
	j, err := m.job(serverID, letter(message))
	return change.Enqueue{Job: j}, err == nil, err
}

func (m mailer) job(serverID string, message mail.Message) (queue.Job, error) {
	payload, err := json.Marshal(mailJob{Server: serverID, Message: message})
	if err != nil {
		return queue.Job{}, err
	}
	return m.queue.Make(jobMail, jobMail+":"+serverID, payload)
}

// sendJob sends a mail of the queue. Its Message-ID is the job's in every
// attempt. What some of several recipients have is not sent to them again.
func (m mailer) sendJob(ctx context.Context, d queue.Delivery) error {
	var j mailJob
	if err := json.Unmarshal(d.Payload, &j); err != nil {
		return queue.Permanent(errors.New("the job is damaged"))
	}
	s, err := m.definition(ctx, j.Server)
	if err != nil {
		return finalIfRefused(err)
	}
	server, err := m.server(s)
	if err != nil {
		return finalIfRefused(err)
	}
	j.Message.ID = d.ID
	err = m.sender.Send(ctx, server, j.Message)
	refused, ok := errors.AsType[*mail.Refused](err)
	switch {
	case err == nil:
		return nil
	case !ok:
		return finalIfRefused(err)
	case len(refused.Later) == 0:
		return queue.Permanent(err)
	}
	j.Message.To = refused.Later
	rest, merr := json.Marshal(j)
	if merr != nil {
		return queue.Permanent(errors.Join(err, merr))
	}
	return queue.Postpone(err, rest)
}

// finalIfRefused: what is wrong with the job itself stays wrong.
func finalIfRefused(err error) error {
	if mfaerr.Is(err, mfaerr.Request) {
		return queue.Permanent(err)
	}
	return err
}

// TextLater makes a job of a text message, where there is a queue for it.
func (t texter) TextLater(ctx context.Context, via smsprovider.Via, to smsprovider.Recipient, text string) (change.Change, bool, error) {
	if t.queue == nil {
		return nil, false, nil
	}
	p, err := t.parcel(ctx, via, to, text)
	if err != nil || !t.queued(p) {
		return nil, false, nil // sending says what is wrong
	}
	j, err := t.job(p)
	return change.Enqueue{Job: j}, err == nil, err
}

func (t texter) job(p parcel) (queue.Job, error) {
	m := p.message
	payload, err := json.Marshal(textJob{Gateway: p.gateway.Name, Phone: m.Phone, Login: m.Login, Text: m.Text, PostCheck: m.PostCheck})
	if err != nil {
		return queue.Job{}, err
	}
	return t.queue.Make(jobText, jobText+":"+p.gateway.Name, payload)
}

func (t texter) sendJob(ctx context.Context, d queue.Delivery) error {
	var j textJob
	if err := json.Unmarshal(d.Payload, &j); err != nil {
		return queue.Permanent(errors.New("the job is damaged"))
	}
	g, k, err := t.find(ctx, smsprovider.Via{Gateway: j.Gateway})
	if err != nil {
		return finalIfRefused(err)
	}
	return finalIfRefused(k.Send(ctx, g, smsprovider.Message{Phone: j.Phone, Login: j.Login, Text: j.Text, PostCheck: j.PostCheck}))
}

// refreshJobs is how often a node counts the jobs for its metrics.
const refreshJobs = 15 * time.Second

func (a *App) countJobs(ctx context.Context) error { return a.Queue.Refresh(ctx) }
