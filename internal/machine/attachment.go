package machine

// What stands in requests and answers for an attachment to no machine.
const (
	AnyMachine = "any machine"
	NoResolver = "no resolver"
	AnyHost    = "any host"
)

// Lengths of the columns of options.
const (
	MaxKey   = 64
	MaxValue = 64
)

// Attachment says that a token is used by an application, on one machine or on
// any.
type Attachment struct {
	ID int64
	// TokenID, Serial and TokenType are the token's.
	TokenID           int64
	Serial, TokenType string
	// Resolver and MachineID name the machine; both are empty for any.
	Resolver    string
	MachineID   string
	Application string
	Options     map[string]string
}

// Attachments says which attachments are looked for; what is empty does not
// count.
type Attachments struct {
	ID          int64
	Serial      string
	Application string
	// At is the machine; nil does not filter.
	At *Place
}

// Place is a machine of a store. Both texts empty are any machine.
type Place struct{ Resolver, MachineID string }
