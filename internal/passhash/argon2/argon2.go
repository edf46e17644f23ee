// Copyright 2017 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package argon2 computes Argon2d, Argon2i and Argon2id version 1.3 (RFC 9106)
// in memory that the caller owns.
//
// It is golang.org/x/crypto/argon2 with three changes that a server needs: the
// working memory is handed in, so it can be used again and need not be on the
// garbage-collected heap; the number of goroutines is independent of the number
// of lanes; Argon2d is offered. The licence of the original is in LICENSE.
package argon2

import (
	"encoding/binary"
	"sync"

	"golang.org/x/crypto/blake2b"
)

// Version is the version of Argon2 computed here, 1.3.
const Version = 0x13

// Mode is the variant; the values are those that enter the hash (RFC 9106 §3.2).
type Mode uint32

// The variants.
const (
	D  Mode = 0
	I  Mode = 1
	ID Mode = 2
)

// BlockBytes is the size of one memory block.
const BlockBytes = blockLength * 8

const (
	blockLength = 128
	syncPoints  = 4
)

// Block is one unit of working memory.
type Block [blockLength]uint64

type block = Block

// Params is the cost of a computation. Time and Lanes are at least 1; other
// values panic, so callers check what they read.
type Params struct {
	Mode      Mode
	Time      uint32 // passes
	MemoryKiB uint32
	Lanes     uint32 // degree of parallelism p
}

// Blocks is how many blocks of memory a computation works on: MemoryKiB rounded
// down to a multiple of four blocks for each lane, at least eight for each.
func (p Params) Blocks() int {
	n := p.MemoryKiB / (syncPoints * p.Lanes) * (syncPoints * p.Lanes)
	return int(max(n, 2*syncPoints*p.Lanes))
}

// Key derives keyLen bytes. mem holds at least [Params.Blocks] blocks with any
// content; it is overwritten. At most workers goroutines run at a time.
func Key(p Params, mem []Block, password, salt []byte, keyLen, workers int) []byte {
	if p.Time < 1 || p.Lanes < 1 || p.Mode > ID {
		panic("argon2: parameters out of range")
	}
	mem = mem[:p.Blocks()]
	h0 := initHash(p, password, salt, uint32(keyLen))
	c := computation{
		mem: mem, mode: p.Mode, time: p.Time, memory: uint32(len(mem)), threads: p.Lanes,
	}
	c.lanes = c.memory / c.threads
	c.segments = c.lanes / syncPoints
	c.initBlocks(&h0)
	c.processBlocks(min(max(workers, 1), int(p.Lanes)))
	return c.extractKey(keyLen)
}

func initHash(p Params, password, salt []byte, keyLen uint32) [blake2b.Size + 8]byte {
	var (
		h0     [blake2b.Size + 8]byte
		params [24]byte
		tmp    [4]byte
	)
	b2, _ := blake2b.New512(nil)
	for i, v := range [...]uint32{p.Lanes, keyLen, p.MemoryKiB, p.Time, Version, uint32(p.Mode)} {
		binary.LittleEndian.PutUint32(params[4*i:], v)
	}
	b2.Write(params[:])
	// The last two are the secret and the associated data, which nobody uses.
	for _, field := range [...][]byte{password, salt, nil, nil} {
		binary.LittleEndian.PutUint32(tmp[:], uint32(len(field)))
		b2.Write(tmp[:])
		b2.Write(field)
	}
	b2.Sum(h0[:0])
	return h0
}

type computation struct {
	mem                   []block
	mode                  Mode
	time, memory, threads uint32
	lanes, segments       uint32 // blocks in a lane, and in a quarter of one
}

func (c *computation) initBlocks(h0 *[blake2b.Size + 8]byte) {
	var block0 [BlockBytes]byte
	for lane := range c.threads {
		binary.LittleEndian.PutUint32(h0[blake2b.Size+4:], lane)
		for k := range uint32(2) {
			binary.LittleEndian.PutUint32(h0[blake2b.Size:], k)
			blake2bHash(block0[:], h0[:])
			b := &c.mem[lane*c.lanes+k]
			for i := range b {
				b[i] = binary.LittleEndian.Uint64(block0[i*8:])
			}
		}
	}
}

// processBlocks fills the memory. The lanes of one slice are independent of
// each other, so each worker takes every workers-th lane.
func (c *computation) processBlocks(workers int) {
	for n := range c.time {
		for slice := range uint32(syncPoints) {
			if workers == 1 {
				for lane := range c.threads {
					c.processSegment(n, slice, lane)
				}
				continue
			}
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					for lane := uint32(w); lane < c.threads; lane += uint32(workers) {
						c.processSegment(n, slice, lane)
					}
				})
			}
			wg.Wait()
		}
	}
}

func (c *computation) processSegment(n, slice, lane uint32) {
	var addresses, in, zero block
	independent := c.mode == I || (c.mode == ID && n == 0 && slice < syncPoints/2)
	if independent {
		in[0], in[1], in[2] = uint64(n), uint64(lane), uint64(slice)
		in[3], in[4], in[5] = uint64(c.memory), uint64(c.time), uint64(c.mode)
	}
	nextAddresses := func() {
		in[6]++
		processBlock(&addresses, &in, &zero)
		processBlock(&addresses, &addresses, &zero)
	}
	index := uint32(0)
	if n == 0 && slice == 0 {
		index = 2 // the first two blocks come from the input
		if independent {
			nextAddresses()
		}
	}
	offset := lane*c.lanes + slice*c.segments + index
	for ; index < c.segments; index, offset = index+1, offset+1 {
		prev := offset - 1
		if index == 0 && slice == 0 {
			prev += c.lanes // last block of the lane
		}
		var random uint64
		if independent {
			if index%blockLength == 0 {
				nextAddresses()
			}
			random = addresses[index%blockLength]
		} else {
			random = c.mem[prev][0]
		}
		ref := c.indexAlpha(random, n, slice, lane, index)
		if n == 0 {
			// Overwrites: the memory may hold anything before the first pass.
			processBlock(&c.mem[offset], &c.mem[prev], &c.mem[ref])
		} else {
			processBlockXOR(&c.mem[offset], &c.mem[prev], &c.mem[ref])
		}
	}
}

func (c *computation) extractKey(keyLen int) []byte {
	last := &c.mem[c.memory-1]
	for lane := range c.threads - 1 {
		for i, v := range c.mem[lane*c.lanes+c.lanes-1] {
			last[i] ^= v
		}
	}
	var buf [BlockBytes]byte
	for i, v := range last {
		binary.LittleEndian.PutUint64(buf[i*8:], v)
	}
	key := make([]byte, keyLen)
	blake2bHash(key, buf[:])
	return key
}

// indexAlpha picks the reference block (RFC 9106 §3.4).
func (c *computation) indexAlpha(rand uint64, n, slice, lane, index uint32) uint32 {
	refLane := uint32(rand>>32) % c.threads
	if n == 0 && slice == 0 {
		refLane = lane
	}
	m, s := 3*c.segments, ((slice+1)%syncPoints)*c.segments
	if lane == refLane {
		m += index
	}
	if n == 0 {
		m, s = slice*c.segments, 0
		if slice == 0 || lane == refLane {
			m += index
		}
	}
	if index == 0 || lane == refLane {
		m--
	}
	p := rand & 0xffffffff
	p = (p * p) >> 32
	p = (p * uint64(m)) >> 32
	return refLane*c.lanes + uint32((uint64(s)+uint64(m)-(p+1))%uint64(c.lanes))
}
