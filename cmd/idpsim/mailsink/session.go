package mailsink

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is one SMTP conversation.
type session struct {
	sink  *Sink
	conn  *smtp.Conn
	login string
	from  string
	to    []string
}

// AuthMechanisms offers PLAIN and LOGIN; go-smtp advertises them over TLS only.
func (x *session) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

// Auth starts an authentication.
func (x *session) Auth(mech string) (sasl.Server, error) {
	switch mech {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, user, password string) error { return x.check(user, password) }), nil
	case sasl.Login:
		return &loginServer{check: x.check}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

// check accepts anybody when no name is set.
func (x *session) check(user, password string) error {
	o := x.sink.opt
	if o.Username != "" && (!same(user, o.Username) || !same(password, o.Password)) {
		return smtp.ErrAuthFailed
	}
	x.login = user
	return nil
}

func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func (x *session) Mail(from string, _ *smtp.MailOptions) error {
	if x.sink.opt.Username != "" && x.login == "" {
		return smtp.ErrAuthRequired
	}
	x.from = from
	return nil
}

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	x.to = append(x.to, to)
	return nil
}

func (x *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	_, secure := x.conn.TLSConnectionState()
	return x.sink.keep(Mail{From: x.from, To: x.to, TLS: secure, Login: x.login}, raw)
}

func (x *session) Reset()        { x.from, x.to = "", nil }
func (x *session) Logout() error { return nil }

// loginServer is the old AUTH LOGIN exchange: a name, then a password.
type loginServer struct {
	check func(user, password string) error
	step  int
	user  string
}

// Next implements sasl.Server.
func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	if l.step == 0 && response == nil {
		l.step = 1
		return []byte("Username:"), false, nil
	}
	switch l.step {
	case 0, 1:
		l.user, l.step = string(response), 2
		return []byte("Password:"), false, nil
	case 2:
		l.step = 3
		return nil, true, l.check(l.user, string(response))
	}
	return nil, false, errors.New("unexpected response")
}
