package passhash

import (
	"syscall"
	"unsafe"

	"edumfa/internal/passhash/argon2"
)

// newArena maps anonymous memory. Huge pages are asked for because Argon2 jumps
// about in its memory; without them it is only slower.
func newArena(blocks int) arena {
	size := blocks * argon2.BlockBytes
	raw, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return heapArena(blocks)
	}
	_ = syscall.Madvise(raw, syscall.MADV_HUGEPAGE)
	// A mapping begins at a page, so the blocks are aligned; it outlives the
	// slice, because free is called after its last use only.
	view := unsafe.Slice((*argon2.Block)(unsafe.Pointer(unsafe.SliceData(raw))), blocks)
	return arena{blocks: view, free: func() { _ = syscall.Munmap(raw) }}
}
