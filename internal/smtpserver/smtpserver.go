// Package smtpserver owns the definitions of mail servers.
package smtpserver

// Server is one definition as it is stored. Password is encrypted.
type Server struct {
	ID          int64
	Identifier  string
	Host        string
	Port        int
	Username    string
	Password    string
	Sender      string
	TLS         bool // STARTTLS
	Description string
	Timeout     int // seconds
	Enqueue     bool
}
