package smtp

import (
	"bytes"
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"github.com/countersign/countersign/holds"
)

// letter is a mail ready for the line.
type letter struct {
	to    string // a bare address
	ascii bool   // whether both addresses are
	data  []byte
}

var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)

// compose writes the mail. It refuses, for good, whatever could become a second
// header or a second receiver, although the callers see to that themselves.
func (s *Sender) compose(n holds.Notice, subject, text, html string) (letter, error) {
	to, err := mail.ParseAddress(n.Point.Value)
	switch {
	case err != nil || to.Name != "" || to.Address != n.Point.Value || strings.ContainsFunc(to.Address, odd) || strings.ContainsAny(to.Address, " <>\""):
		return letter{}, holds.Refuse(holds.Invalid, "The contact point is not a plain e-mail address, so nothing was sent.")
	case !idForm.MatchString(string(n.ID)):
		return letter{}, holds.Refuse(holds.Invalid, "The notice's id cannot be part of a mail, so nothing was sent.")
	case strings.ContainsFunc(subject, odd):
		return letter{}, holds.Refuse(holds.Invalid, "The subject contains a control character, so nothing was sent.")
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.Subject(subject)
	m.SetDate()
	m.SetMessageIDWithValue(messageID(n.ID, s.from.Address))
	// A machine wrote this: out-of-office programs stay silent (RFC 3834 §5:
	// https://www.rfc-editor.org/rfc/rfc3834#section-5).
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetBodyString(gomail.TypeTextPlain, text)
	if html != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, html)
	}
	var data bytes.Buffer
	err = m.FromFormat(s.from.Name, s.from.Address)
	if err == nil {
		err = m.To(to.Address)
	}
	if err == nil {
		_, err = m.WriteTo(&data)
	}
	if err != nil {
		return letter{}, holds.Refuse(holds.Invalid, "The mail could not be written in the form mail servers take, so nothing was sent.")
	}
	return letter{to: to.Address, ascii: ascii(to.Address) && ascii(s.from.Address), data: data.Bytes()}, nil
}

// messageID is the same for every try of a notice.
func messageID(id holds.NoticeID, from string) string {
	return "notice." + strings.ToLower(string(id)) + "@" + domain(from)
}

// odd are the characters that end lines or hide things.
func odd(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}
