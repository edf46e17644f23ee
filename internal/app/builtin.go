package app

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"time"

	"edumfa/internal/application"
	"edumfa/internal/application/luks"
	"edumfa/internal/application/offline"
	"edumfa/internal/application/ssh"
	"edumfa/internal/ca"
	"edumfa/internal/ca/acme"
	"edumfa/internal/ca/est"
	"edumfa/internal/ca/local"
	"edumfa/internal/ca/microsoft"
	"edumfa/internal/ca/sshca"
	"edumfa/internal/ca/vault"
	"edumfa/internal/event"
	"edumfa/internal/event/handler/attributes"
	"edumfa/internal/event/handler/counter"
	"edumfa/internal/event/handler/federation"
	"edumfa/internal/event/handler/logging"
	"edumfa/internal/event/handler/requestmangler"
	"edumfa/internal/event/handler/responsemangler"
	"edumfa/internal/event/handler/script"
	"edumfa/internal/event/handler/tokens"
	"edumfa/internal/event/handler/usernotification"
	"edumfa/internal/event/handler/webhook"
	"edumfa/internal/machine"
	"edumfa/internal/machine/hosts"
	"edumfa/internal/machine/ldaphosts"
	"edumfa/internal/policy/action"
	"edumfa/internal/queue"
	"edumfa/internal/remoteserver"
	"edumfa/internal/resolver"
	"edumfa/internal/resolver/httpusers"
	"edumfa/internal/resolver/ldap"
	"edumfa/internal/resolver/passwdfile"
	"edumfa/internal/resolver/scim"
	"edumfa/internal/resolver/sqlusers"
	"edumfa/internal/secret"
	"edumfa/internal/smsprovider"
	"edumfa/internal/smsprovider/firebase"
	"edumfa/internal/smsprovider/httpsms"
	"edumfa/internal/smsprovider/mailsms"
	"edumfa/internal/smsprovider/scriptsms"
	"edumfa/internal/smsprovider/sipgatesms"
	"edumfa/internal/smsprovider/smppsms"
	"edumfa/internal/store"
	"edumfa/internal/task"
	"edumfa/internal/task/cleanup"
	"edumfa/internal/task/eventcounter"
	"edumfa/internal/task/expiring"
	"edumfa/internal/task/fidometadata"
	"edumfa/internal/task/orphaned"
	"edumfa/internal/task/simplestats"
	"edumfa/internal/task/unused"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/applspec"
	"edumfa/internal/tokentype/certificate"
	"edumfa/internal/tokentype/daplug"
	"edumfa/internal/tokentype/daypassword"
	"edumfa/internal/tokentype/email"
	"edumfa/internal/tokentype/foureyes"
	"edumfa/internal/tokentype/hotp"
	"edumfa/internal/tokentype/indexedsecret"
	"edumfa/internal/tokentype/motp"
	"edumfa/internal/tokentype/ocra"
	"edumfa/internal/tokentype/paper"
	"edumfa/internal/tokentype/push"
	"edumfa/internal/tokentype/pw"
	"edumfa/internal/tokentype/question"
	"edumfa/internal/tokentype/radius"
	"edumfa/internal/tokentype/registration"
	"edumfa/internal/tokentype/remote"
	"edumfa/internal/tokentype/sms"
	"edumfa/internal/tokentype/spass"
	"edumfa/internal/tokentype/sshkey"
	"edumfa/internal/tokentype/tan"
	"edumfa/internal/tokentype/tiqr"
	"edumfa/internal/tokentype/totp"
	"edumfa/internal/tokentype/u2f"
	"edumfa/internal/tokentype/vasco"
	"edumfa/internal/tokentype/webauthn"
	"edumfa/internal/tokentype/yubico"
	"edumfa/internal/tokentype/yubikey"
)

// What is compiled in. Removing a line removes the kind.

// TokenTypes are the token types.
func TokenTypes() []tokentype.Type {
	return []tokentype.Type{
		email.Type{},
		hotp.Type{},
		totp.Type{},
		spass.Type{},
		pw.Type{},
		registration.Type{},
		u2f.Type{},
		question.Type{},
		indexedsecret.Type{},
		foureyes.Type{},
		ocra.Type{},
		sms.Type{},
		webauthn.Type{Files: &webauthn.Files{}},
		daypassword.Type{},
		motp.Type{},
		applspec.Type{},
		tan.Type{},
		paper.Type{},
		daplug.Type{},
		sshkey.Type{},
		yubikey.Type{},
		vasco.Type{},
		certificate.Type{},
		radius.Type{},
		remote.Type{},
		push.Current(),
		push.Legacy(),
		tiqr.Type{},
		yubico.Type{},
	}
}

// ResolverKinds are the user stores. sql and passwd check and make password
// hashes.
func ResolverKinds(sql sqlusers.Passwords, passwd passwdfile.Passwords) []resolver.Kind {
	return []resolver.Kind{
		passwdfile.NewKind(passwd),
		ldap.Kind(),
		sqlusers.NewKind(sql),
		httpusers.Kind(),
		scim.Kind(),
	}
}

// SMSKinds are the ways to send text messages. Programs that send them are in the
// folder.
func SMSKinds(mail mailsms.Mail, folder string, rand io.Reader) []smsprovider.Kind {
	return []smsprovider.Kind{
		httpsms.Kind(),
		httpsms.LoginKind(),
		sipgatesms.Kind(sipgatesms.URL),
		mailsms.Kind(mail),
		smppsms.Kind(rand),
		scriptsms.Kind(folder),
		firebase.Kind(),
	}
}

// CAKinds are the ways to reach certificate authorities.
func CAKinds() []ca.Kind {
	return []ca.Kind{
		local.Kind{},
		microsoft.Kind{},
		acme.Kind(),
		est.Kind(),
		vault.Kind(),
		sshca.Kind{},
	}
}

// JobKinds are what the job queue delivers.
func JobKinds(post mailer, texts texter, hooks *webhook.Sender) []queue.Kind {
	return []queue.Kind{
		{Name: jobMail, Send: post.sendJob},
		{Name: jobText, Send: texts.sendJob},
		{Name: webhook.JobKind, Send: hooks.Send},
	}
}

// TaskKinds are the kinds of periodic tasks.
func TaskKinds(d TaskDeps) []task.Kind {
	return []task.Kind{
		eventcounter.Kind{Counters: d.Store, Stats: d.Stats, Now: d.Now, Log: d.Log},
		simplestats.Kind{Tokens: d.Store, Stats: d.Stats, Now: d.Now},
		cleanup.Kind{Name: "ChallengeCleanup", Things: "expired challenges", Unit: time.Minute, UnitName: "minutes", Default: 10,
			Count: d.Store.CountExpiredChallenges, Delete: d.Store.DeleteExpiredChallenges, Now: d.Now},
		cleanup.Kind{Name: "UserCacheCleanup", Things: "entries of the user cache", Unit: time.Minute, UnitName: "minutes", Default: 1440,
			Count: d.Store.CountStaleUsers, Delete: d.Store.DeleteStaleUsers, Now: d.Now},
		cleanup.Kind{Name: "AuthCacheCleanup", Things: "remembered logins", Unit: time.Minute, UnitName: "minutes", Default: 480,
			Count: d.Store.CountUnusedLogins, Delete: d.Store.DeleteUnusedLogins, Now: d.Now},
		cleanup.Kind{Name: "JobCleanup", Things: "jobs that were given up", Unit: 24 * time.Hour, UnitName: "days", Default: 30,
			Count: d.Store.CountDeadJobs, Delete: d.Store.DeleteDeadJobs, Now: d.Now},
		orphaned.Kind{Store: d.Store, Service: d.Tokens, Note: d.Note, Resolver: d.Resolver, Log: d.Log},
		unused.Kind{Store: d.Store, Service: d.Tokens, Note: d.Note, Now: d.Now, Local: d.Local, Log: d.Log},
		expiring.Kind{Store: d.Store, ExpiresAt: d.ExpiresAt, Tell: d.TellExpiry, Renew: d.Renew, Now: d.Now, Log: d.Log},
		expiring.Pending{Store: d.Store, Settle: d.Settle},
		d.Audit,
		fidometadata.Kind{Fetch: fetchMetadata, Check: checkMetadata(d.Now), File: func(ctx context.Context) (string, error) { return d.Setting(ctx, "webauthn.metadata_file") }},
	}
}

// HandlerDeps is what event handlers work with.
type HandlerDeps struct {
	Store *store.DB
	// Tokens changes tokens.
	Tokens *token.Service
	// Machines attaches tokens to machines.
	Machines machine.Attacher
	// ScriptDir is the folder with the programs of the module Script.
	ScriptDir string
	// ConfigFile is the configuration, which those programs may need, too.
	ConfigFile string
	Rand       io.Reader
	Log        *slog.Logger
	Hooks      webhook.Handler
	// Remote asks other eduMFA servers.
	Remote *remoteserver.Client
	// Notify sends and saves notifications.
	Notify usernotification.Handler
}

// MachineKinds are the machine stores. Relative file names start in dir.
func MachineKinds(dir string, directories ldaphosts.Library) []machine.Kind {
	return []machine.Kind{
		hosts.Kind(dir),
		ldaphosts.Kind(directories),
	}
}

// Applications are what tokens are used for on machines. hash makes the hashes
// that machines check while they are offline.
func Applications(hash func(ctx context.Context, values []secret.String, rounds int) ([]string, error)) []application.Application {
	return []application.Application{
		luks.Application{},
		offline.Application{Hash: hash},
		ssh.Application{},
	}
}

// EventHandlers are the modules that events can run.
func EventHandlers(d HandlerDeps) []event.Handler {
	return []event.Handler{
		requestmangler.Handler{},
		responsemangler.Handler{},
		tokens.Handler{Store: d.Store, Tokens: d.Tokens, Machines: d.Machines, Rand: d.Rand},
		counter.Handler{Store: d.Store},
		logging.Handler{Log: d.Log},
		attributes.Handler{Store: d.Store},
		d.Notify,
		script.New(d.ScriptDir, scriptEnv(d.ConfigFile)),
		d.Hooks,
		federation.Handler{Store: d.Store, Client: d.Remote, NotFound: store.ErrNotFound},
	}
}

// scriptEnv is all that programs of event handlers find in their environment:
// nothing of the server's own, which may hold passwords.
func scriptEnv(configFile string) []string {
	return []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "EDUMFA_CONFIGFILE=" + configFile}
}

// PolicyActions are the definitions of all policy actions, with the lists of
// values that some of them offer.
func PolicyActions(types []tokentype.Type, d action.Dynamic) *action.Catalog {
	list := action.Static(d)
	for _, t := range types {
		i := t.Info()
		list = append(list, action.ForType(action.TypeFacts{Name: i.Name, SelfService: slices.Contains(i.EnrollableBy, "user"), PINScopes: i.PINScopes})...)
		if c, chooses := t.(tokentype.Chooses); chooses {
			list = append(list, c.ActionsWith(d)...)
			continue
		}
		list = append(list, t.Actions()...)
	}
	return action.NewCatalog(list)
}
