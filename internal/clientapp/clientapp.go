// Package clientapp owns the record of which client applications ask this
// server, from where and when they were seen last.
package clientapp

import "time"

// Client is one application on one address, seen by one node.
type Client struct {
	IP       string
	Hostname string
	Type     string // the agent's name
	LastSeen time.Time
	Node     string
}
