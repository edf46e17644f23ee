// Package logging writes the server's log, and audit rows that go to a log, where
// a logging set-up of the field says: files, files that are rotated, the standard
// streams, syslog. It reads both forms of such set-ups, the sections of Python's
// fileConfig and the YAML of its dictConfig, and their format strings; it runs
// no Python.
package logging
