// Package e2e tests the server with the programs that people use: a browser that
// enrols security keys and passkeys and logs in with them.
package e2e
