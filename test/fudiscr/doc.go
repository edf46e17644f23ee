// Package fudiscr tests what an identity provider needs that asks this server
// for second factors: the set-up by the guide of the plugin fudiscr, made with
// the two programs as an administrator makes it, and then the requests of the
// plugin with its API key alone.
package fudiscr
