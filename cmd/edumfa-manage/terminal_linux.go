package main

import (
	"os"
	"syscall"
	"unsafe"
)

// hideTyping switches the echo of a terminal off; the result switches it on
// again. Files that are no terminals stay as they are.
func hideTyping(f *os.File) (restore func()) {
	var old syscall.Termios
	if !terminal(f, syscall.TCGETS, &old) {
		return func() {}
	}
	silent := old
	silent.Lflag &^= syscall.ECHO
	if !terminal(f, syscall.TCSETS, &silent) {
		return func() {}
	}
	return func() { terminal(f, syscall.TCSETS, &old) }
}

func terminal(f *os.File, request uintptr, t *syscall.Termios) bool {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(t)))
	return e == 0
}
