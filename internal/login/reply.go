package login

// Reply is what a login attempt tells the client beside yes and no. Fields that
// are empty are left out of the answer.
type Reply struct {
	Message string
	Serial  string
	Type    string
	OTPLen  int
	// Used is the type of the token whose answer to a challenge was right: Type is
	// not part of that answer.
	Used string
	// Reason says why a proof is wrong. It is for the log and the audit of the
	// server only.
	Reason string
	// Detail are members of the answer that a type adds.
	Detail map[string]any
	// Dates by which PIN or password should be changed, and whether they have
	// passed.
	NextPINChange, NextPasswordChange string
	PINChangeDue, PasswordChangeDue   bool

	// Prompted: challenges were asked for. The three below are then part of the
	// answer even when they are empty.
	Prompted bool
	Messages []string
	Prompts  []Prompt
	// Brief: only the transaction of the last challenge is repeated beside the
	// list of them.
	Brief bool
}

// Prompt is one challenge of the answer.
type Prompt struct {
	TransactionID, Serial, Type, ClientMode, Message string
	HasAttributes                                    bool
	Attributes                                       map[string]any // with HasAttributes; nil shows null
	Image                                            string
	HasImage                                         bool // the member is shown even if it is empty
	NextPINChange, NextPasswordChange                string
	PINChangeDue, PasswordChangeDue                  bool
}

// Serials are the serials the attempt concerned, for the audit.
func (r *Reply) Serials() []string {
	if !r.Prompted {
		if r.Serial == "" {
			return nil
		}
		return []string{r.Serial}
	}
	out := make([]string, 0, len(r.Prompts))
	for _, p := range r.Prompts {
		out = append(out, p.Serial)
	}
	return out
}

// Remembered is a password that was right not long ago.
type Remembered struct {
	ID   int64
	Uses int64  // how often it was believed since
	Hash string // argon2
}
