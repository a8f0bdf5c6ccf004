package pgstore

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strings"
	"time"
)

// clean returns a copy of v in which every string is text that Postgres takes
// (valid UTF-8 without NUL, each offending byte shown as U+FFFD) and every time
// is one that it keeps (UTC, microseconds, years 1 to 9999). What is stored,
// what is decided by and what is returned are then the same.
func clean[T any](v T) T {
	out := reflect.New(reflect.TypeFor[T]()).Elem()
	cleanInto(out, reflect.ValueOf(&v).Elem())
	return out.Interface().(T) //nolint:forcetypeassert // it was made from T
}

func cleanInto(to, from reflect.Value) {
	if at, ok := from.Interface().(time.Time); ok {
		to.Set(reflect.ValueOf(cleanTime(at)))
		return
	}
	switch from.Kind() {
	case reflect.String:
		to.SetString(cleanText(from.String()))
	case reflect.Struct:
		for i := range from.NumField() {
			cleanInto(to.Field(i), from.Field(i))
		}
	case reflect.Slice:
		if from.IsNil() || from.Type().Elem().Kind() == reflect.Uint8 {
			to.Set(from) // raw bytes stay as they are
			return
		}
		to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
		for i := range from.Len() {
			cleanInto(to.Index(i), from.Index(i))
		}
	case reflect.Map:
		cleanMap(to, from)
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			cleanInto(to.Elem(), from.Elem())
		}
	default:
		to.Set(from)
	}
}

func cleanMap(to, from reflect.Value) {
	if from.IsNil() {
		return
	}
	to.Set(reflect.MakeMapWithSize(from.Type(), from.Len()))
	for it := from.MapRange(); it.Next(); {
		key := reflect.New(from.Type().Key()).Elem()
		value := reflect.New(from.Type().Elem()).Elem()
		cleanInto(key, it.Key())
		cleanInto(value, it.Value())
		to.SetMapIndex(key, value)
	}
}

func cleanText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// cleanTime cuts what is finer than a microsecond off, as the audit log does.
func cleanTime(at time.Time) time.Time {
	at = at.UTC().Truncate(time.Microsecond)
	switch y := at.Year(); {
	case y > 9999:
		return time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)
	case y < 1:
		return time.Time{}
	}
	return at
}

// maxKey is the longest text that is indexed; Postgres refuses a row whose
// index entry does not fit a third of a page.
const maxKey = 400

// safeKey is a text as it may be part of a key. One that is too long, or that
// cleaning would change, ends in a digest of what it was, so that two of them
// never become one.
func safeKey(s string) string {
	if cleanText(s) == s && len(s) <= maxKey {
		return s
	}
	return digested(s)
}

// digested is a text that begins like another and ends in its digest.
func digested(s string) string {
	c, sum := cleanText(s), sha256.Sum256([]byte(s))
	return strings.ToValidUTF8(c[:min(len(c), maxKey/2)], "") + "#" + hex.EncodeToString(sum[:])
}
