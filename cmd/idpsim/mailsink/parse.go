package mailsink

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
)

// parse finds the subject, the plain text and the HTML of a message. What it
// cannot read is shown raw rather than lost.
func parse(raw []byte) (subject, text, html string) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return "(unreadable message)", string(raw), ""
	}
	subject = m.Header.Get("Subject")
	if decoded, err := new(mime.WordDecoder).DecodeHeader(subject); err == nil {
		subject = decoded
	}
	text, html = parts(textproto.MIMEHeader(m.Header), m.Body, 0)
	return subject, text, html
}

// parts walks a MIME tree and keeps the first plain and the first HTML part.
func parts(h textproto.MIMEHeader, body io.Reader, depth int) (text, html string) {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") && depth < 5 {
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if err != nil {
				return text, html
			}
			t, h := parts(p.Header, p, depth+1)
			if text == "" {
				text = t
			}
			if html == "" {
				html = h
			}
		}
	}
	switch strings.ToLower(h.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	data, _ := io.ReadAll(body) // a broken encoding shows what came before the break
	switch kind {
	case "text/plain":
		return string(data), ""
	case "text/html":
		return "", string(data)
	}
	return "", ""
}
