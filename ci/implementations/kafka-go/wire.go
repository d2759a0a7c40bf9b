package main

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/segmentio/kafka-go"
)

// A tenant is the whole quadruple: state of different tenants never mixes.
type tenant struct {
	ID           string
	Region       string
	Major, Minor uint16
}

// A uuid is its text: 36 characters, lower case. The zero value reads as the nil UUID.
type uuid string

const nilUUID uuid = "00000000-0000-0000-0000-000000000000"

var (
	uuidText    = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	traceParent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$`)
)

// UnmarshalText reads a UUID, and refuses any other text.
func (id *uuid) UnmarshalText(text []byte) error {
	if !uuidText.Match(text) {
		return fmt.Errorf("%q is no UUID", text)
	}
	*id = uuid(text)
	return nil
}

// MarshalText writes a UUID that was never set as the nil UUID.
func (id uuid) MarshalText() ([]byte, error) {
	if id == "" {
		id = nilUUID
	}
	return []byte(id), nil
}

// decode is a tolerant reader: unknown fields are ignored, missing ones read as zero. A wrong type
// and a number out of range are errors.
func decode(value []byte, into any) error {
	if len(value) == 0 {
		return errors.New("the value is empty")
	}
	if !utf8.Valid(value) {
		return errors.New("the value is not UTF-8")
	}
	return json.Unmarshal(value, into)
}

// decodeBody decodes the body of an envelope; one that is missing reads as zero.
func decodeBody(body json.RawMessage, into any) error {
	if len(body) == 0 {
		return nil
	}
	return json.Unmarshal(body, into)
}

func header(headers []kafka.Header, name string) ([]byte, bool) {
	for _, header := range headers {
		if header.Key == name {
			return header.Value, true
		}
	}
	return nil, false
}

// tenantOf reads the four tenant headers.
func tenantOf(headers []kafka.Header) (tenant, error) {
	id, _ := header(headers, "TENANT_ID")
	region, isThere := header(headers, "REGION")
	major, _ := header(headers, "MAJOR_VERSION")
	minor, _ := header(headers, "MINOR_VERSION")
	if !uuidText.Match(id) || !isThere || !utf8.Valid(region) || len(major) != 2 || len(minor) != 2 {
		return tenant{}, errors.New("the tenant headers are missing or malformed")
	}
	of := binary.BigEndian.Uint16
	return tenant{string(id), string(region), of(major), of(minor)}, nil
}

// tenantHeaders writes the four tenant headers.
func tenantHeaders(of tenant) []kafka.Header {
	version := func(number uint16) []byte { return binary.BigEndian.AppendUint16(nil, number) }
	return []kafka.Header{
		{Key: "TENANT_ID", Value: []byte(of.ID)},
		{Key: "REGION", Value: []byte(of.Region)},
		{Key: "MAJOR_VERSION", Value: version(of.Major)},
		{Key: "MINOR_VERSION", Value: version(of.Minor)},
	}
}

// isZero tells the id that W3C's trace context calls invalid.
func isZero(id []byte) bool { return len(bytes.Trim(id, "0")) == 0 }

// spanHeaders goes on with the trace of a cause, in a new span; without one it begins a new trace.
func spanHeaders(cause []kafka.Header) []kafka.Header {
	parent, _ := header(cause, "traceparent")
	parts := traceParent.FindSubmatch(parent)
	if parts == nil || isZero(parts[1]) || isZero(parts[2]) {
		span := fmt.Sprintf("00-%s-%s-01", random(16), random(8))
		return []kafka.Header{{Key: "traceparent", Value: []byte(span)}}
	}
	span := fmt.Sprintf("00-%s-%s-%s", parts[1], random(8), parts[3])
	headers := []kafka.Header{{Key: "traceparent", Value: []byte(span)}}
	if state, ok := header(cause, "tracestate"); ok {
		headers = append(headers, kafka.Header{Key: "tracestate", Value: state})
	}
	return headers
}

func random(bytes int) string {
	drawn := make([]byte, bytes)
	rand.Read(drawn) // It never fails.
	return hex.EncodeToString(drawn)
}

// idKey is a key as the field writes it: 32 bits, little-endian, then four zero bytes.
func idKey(id uint32) []byte {
	return binary.LittleEndian.AppendUint64(nil, uint64(id))
}
