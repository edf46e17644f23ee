package argon2

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"

	reference "golang.org/x/crypto/argon2"
)

// The vectors are those of the reference implementation's test suite, as the
// original package carries them: password "password", salt "somesalt", 24 bytes.
func TestKey_Vectors(t *testing.T) {
	cases := []struct {
		p    Params
		want string
	}{
		{Params{I, 1, 64, 1}, "b9c401d1844a67d50eae3967dc28870b22e508092e861a37"},
		{Params{D, 1, 64, 1}, "8727405fd07c32c78d64f547f24150d3f2e703a89f981a19"},
		{Params{ID, 1, 64, 1}, "655ad15eac652dc59f7170a7332bf49b8469be1fdb9c28bb"},
		{Params{I, 2, 64, 1}, "8cf3d8f76a6617afe35fac48eb0b7433a9a670ca4a07ed64"},
		{Params{D, 2, 64, 1}, "3be9ec79a69b75d3752acb59a1fbb8b295a46529c48fbb75"},
		{Params{ID, 2, 64, 1}, "068d62b26455936aa6ebe60060b0a65870dbfa3ddf8d41f7"},
		{Params{I, 3, 256, 2}, "f5bbf5d4c3836af13193053155b73ec7476a6a2eb93fd5e6"},
		{Params{D, 3, 256, 2}, "f4f0669218eaf3641f39cc97efb915721102f4b128211ef2"},
		{Params{ID, 3, 256, 2}, "4668d30ac4187e6878eedeacf0fd83c5a0a30db2cc16ef0b"},
		{Params{I, 4, 4096, 4}, "a11f7b7f3f93f02ad4bddb59ab62d121e278369288a0d0e7"},
		{Params{D, 4, 4096, 4}, "935598181aa8dc2b720914aa6435ac8d3e3a4210c5b0fb2d"},
		{Params{ID, 4, 4096, 4}, "145db9733a9f4ee43edf33c509be96b934d505a4efb33c5a"},
	}
	for _, c := range cases {
		for _, workers := range []int{1, 2, 8} {
			t.Run(fmt.Sprintf("%+v with %d workers", c.p, workers), func(t *testing.T) {
				mem := dirty(c.p.Blocks() + 3)
				got := Key(c.p, mem, []byte("password"), []byte("somesalt"), 24, workers)
				if hex.EncodeToString(got) != c.want {
					t.Errorf("%x, want %s", got, c.want)
				}
			})
		}
	}
}

// dirty is memory that another computation left behind.
func dirty(n int) []Block {
	mem := make([]Block, n)
	for i := range mem {
		for j := range mem[i] {
			mem[i][j] = 0xdeadbeefcafef00d
		}
	}
	return mem
}

func TestKey_AgreesWithOriginal(t *testing.T) {
	for _, p := range []Params{{ID, 2, 100, 1}, {ID, 1, 19, 3}, {ID, 3, 1, 2}, {I, 2, 333, 5}, {ID, 2, 1024, 8}} {
		for _, keyLen := range []int{4, 16, 32, 64, 65, 128} {
			password := bytes.Repeat([]byte{'x'}, keyLen)
			f := reference.IDKey
			if p.Mode == I {
				f = reference.Key
			}
			want := f(password, []byte("0123456789abcdef"), p.Time, p.MemoryKiB, uint8(p.Lanes), uint32(keyLen))
			if got := Key(p, dirty(p.Blocks()), password, []byte("0123456789abcdef"), keyLen, 2); !bytes.Equal(got, want) {
				t.Errorf("%+v, %d bytes: %x, want %x", p, keyLen, got, want)
			}
		}
	}
}

func BenchmarkArgon2(b *testing.B) {
	for _, p := range []Params{{ID, 2, 19456, 1}, {ID, 9, 102400, 8}} {
		mem := make([]Block, p.Blocks())
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("m=%d,t=%d,p=%d,workers=%d", p.MemoryKiB, p.Time, p.Lanes, workers), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					Key(p, mem, []byte("1234"), []byte("0123456789abcdef"), 16, workers)
				}
			})
		}
	}
}
