package microsoft

import (
	"errors"

	"google.golang.org/grpc/encoding"
	"google.golang.org/protobuf/encoding/protowire"
)

// The messages of the worker are flat and small, so they are written and read
// field by field (Protocol Buffers, "Encoding"): there is no generated code to
// keep in step.

// message is one message on its way: the encoded fields.
type message []byte

func (m message) text(number protowire.Number, v string) message {
	if v == "" {
		return m // proto3 does not write what is empty
	}
	return protowire.AppendString(protowire.AppendTag(m, number, protowire.BytesType), v)
}

func (m message) number(number protowire.Number, v int32) message {
	if v == 0 {
		return m
	}
	return protowire.AppendVarint(protowire.AppendTag(m, number, protowire.VarintType), uint64(v))
}

// fields are the fields of a message that came in; a later value of a field
// replaces an earlier one, but repeated texts are all kept.
type fields struct {
	numbers map[protowire.Number]int32
	texts   map[protowire.Number][]string
}

var errMessage = errors.New("the worker's answer cannot be read")

// read divides a message. Fields of unknown numbers and types are passed over.
func (m message) read() (fields, error) {
	f := fields{numbers: map[protowire.Number]int32{}, texts: map[protowire.Number][]string{}}
	for b := []byte(m); len(b) > 0; {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fields{}, errMessage
		}
		b = b[n:]
		switch kind {
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(b)
			if n < 0 {
				return fields{}, errMessage
			}
			f.numbers[number], b = int32(v), b[n:]
		case protowire.BytesType:
			v, n := protowire.ConsumeBytes(b)
			if n < 0 {
				return fields{}, errMessage
			}
			f.texts[number], b = append(f.texts[number], string(v)), b[n:]
		default:
			if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
				return fields{}, errMessage
			}
			b = b[n:]
		}
	}
	return f, nil
}

func (f fields) text(number protowire.Number) string {
	if v := f.texts[number]; len(v) > 0 {
		return v[len(v)-1]
	}
	return ""
}

// status reads the message ResponseStatus in a field: code 1, message 2.
func (f fields) status(number protowire.Number) (code int32, text string) {
	s, err := message(f.text(number)).read()
	if err != nil {
		return 0, ""
	}
	return s.numbers[1], s.text(2)
}

// codec gives gRPC messages as they are.
type codec struct{}

var _ encoding.Codec = codec{}

func (codec) Marshal(v any) ([]byte, error) {
	m, is := v.(message)
	if !is {
		return nil, errMessage
	}
	return m, nil
}

func (codec) Unmarshal(data []byte, v any) error {
	m, is := v.(*message)
	if !is {
		return errMessage
	}
	*m = append(message(nil), data...)
	return nil
}

// Name is the content subtype application/grpc+proto.
func (codec) Name() string { return "proto" }
