package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"edumfa/internal/secret"
)

// login holds the token for requests: a fixed one, or one that an AppRole login
// gives for a time.
type login struct {
	fixed    bool
	roleID   string
	secretID secret.String
	path     string
	now      func() time.Time

	mu    sync.Mutex
	token string
	until time.Time
}

// get is a token that should still be taken. Requests that need a new one at the
// same time wait for one login.
func (l *login) get(ctx context.Context, o *connector) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fixed || l.token != "" && l.now().Before(l.until) {
		return l.token, nil
	}
	res, err := o.ask(ctx, http.MethodPost, l.path, "", map[string]string{"role_id": l.roleID, "secret_id": l.secretID.Reveal()})
	if err != nil {
		return "", err
	}
	if res.Status != http.StatusOK {
		return "", fmt.Errorf("the server does not take the AppRole login (status %d)", res.Status)
	}
	var answer struct {
		Auth struct {
			Token    string `json:"client_token"`
			Duration int64  `json:"lease_duration"` // seconds; 0 is for ever
		} `json:"auth"`
	}
	if err := json.Unmarshal(res.Body, &answer); err != nil || answer.Auth.Token == "" {
		return "", errors.New("the answer to the AppRole login has no token")
	}
	life := time.Duration(answer.Auth.Duration) * time.Second
	if answer.Auth.Duration == 0 {
		life = time.Hour
	}
	l.token, l.until = answer.Auth.Token, l.now().Add(life*9/10)
	return l.token, nil
}

// drop forgets a token that was not taken; false if there is no other to get.
func (l *login) drop(token string) bool {
	if l.fixed {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.token == token {
		l.token = ""
	}
	return true
}
