// Package serviceid owns the names of services: what application passwords and
// SSH keys are for.
package serviceid

// ServiceID is one definition as it is stored.
type ServiceID struct {
	ID                int64
	Name, Description string
}
