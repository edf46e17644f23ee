package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"edumfa-manage": main})
}

// TestScripts runs the program as people do: each file of testdata is a session
// at a shell, with an own installation in its directory.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("EDUMFA_CONFIGFILE", e.WorkDir+"/edumfa.cfg")
			config := "SECRET_KEY = 'a secret of the tests'\nEDUMFA_PEPPER = 'pepper'\n" +
				"SQLALCHEMY_DATABASE_URI = 'sqlite:///" + e.WorkDir + "/data.sqlite'\n" +
				"EDUMFA_ENCFILE = '" + e.WorkDir + "/enckey'\n" +
				"EDUMFA_AUDIT_KEY_PRIVATE = '" + e.WorkDir + "/private.pem'\nEDUMFA_AUDIT_KEY_PUBLIC = '" + e.WorkDir + "/public.pem'\n" +
				"EDUMFA_GNUPG_HOME = '" + e.WorkDir + "/gpg'\n"
			return os.WriteFile(e.WorkDir+"/edumfa.cfg", []byte(config), 0o600)
		},
	})
}
