//go:build !linux

package passhash

func newArena(blocks int) arena { return heapArena(blocks) }
