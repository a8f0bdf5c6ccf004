package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"regexp"

	"github.com/countersign/countersign/holds"
)

// refusal turns an error of the conversation into one for people. The cause is
// not kept: it may repeat the server's text, and with it anything at all.
func refusal(ctx context.Context, at step, err error) error {
	kind := holds.Unavailable
	if code := answerCode(err); code >= 500 && at.ofMessage() {
		kind = holds.Invalid
	}
	detail := fmt.Sprintf("While %s, %s.", at, words(ctx, err))
	if at == waiting && answerCode(err) == 0 {
		detail += " It is not known whether the server took the message."
	}
	return &holds.Error{Kind: kind, Detail: detail}
}

// words says what an error is.
func words(ctx context.Context, err error) string {
	var (
		answer  *textproto.Error
		badCert *tls.CertificateVerificationError
		noTLS   tls.RecordHeaderError
		host    x509.HostnameError
		dns     *net.DNSError
		netErr  net.Error
		closed  = errors.Is(err, net.ErrClosed)
	)
	switch {
	case errors.As(err, &answer):
		return "it answered " + spoken(answer)
	case errors.Is(err, errNoStartTLS):
		return "it offered no encryption (STARTTLS), so nothing was sent"
	case errors.Is(err, errNoAuth):
		return "it offered no way to sign in that we use (PLAIN or LOGIN)"
	case errors.Is(err, errElsewhere):
		return "it turned out not to be on this machine, so nothing was sent in clear"
	case errors.Is(err, errFlood):
		return "it sent more than a conversation needs and was cut off"
	case errors.As(err, &badCert), errors.As(err, &host):
		return "its certificate was not valid for that name, so nothing was sent; check the host's name and the certificates to trust"
	case errors.As(err, &noTLS):
		return "it did not speak TLS"
	case errors.Is(ctx.Err(), context.Canceled):
		return "the attempt was called off"
	case ctx.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return "there was no answer in time"
	case errors.As(err, &dns):
		return "its name could not be looked up"
	case closed:
		return "the line was closed"
	}
	return "the line failed or what it said could not be understood"
}

var enhancedForm = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// spoken is the code of an answer with its enhanced code (RFC 3463:
// https://www.rfc-editor.org/rfc/rfc3463), and nothing of its text.
func spoken(a *textproto.Error) string {
	if e := enhancedForm.FindString(a.Msg); e != "" {
		return fmt.Sprintf("%d (%s)", a.Code, e)
	}
	return fmt.Sprint(a.Code)
}

// answerCode is the server's code, zero when the error is not its answer.
func answerCode(err error) int {
	var a *textproto.Error
	if errors.As(err, &a) {
		return a.Code
	}
	return 0
}
