package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/smtp"
)

// effects are what the plain service does to the world.
type effects struct {
	config plainConfig
	client *http.Client
	roots  *x509.CertPool
}

func newEffects(c plainConfig) (*effects, error) {
	e := &effects{config: c, client: newClient(100), roots: x509.NewCertPool()}
	if !e.roots.AppendCertsFromPEM([]byte(c.Certificate)) {
		return nil, fmt.Errorf("the mail server's certificate cannot be read")
	}
	return e, nil
}

// contain puts an account into the group whose rules restrain.
func (e *effects) contain(ctx context.Context, organisation, account string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, organisation+"/api/v1/groups/"+e.config.Group+"/users/"+account, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "SSWS "+e.config.Token)
	res, err := e.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		return fmt.Errorf("the provider answered %s", res.Status)
	}
	return nil
}

// tell writes to the owner of an account.
func (e *effects) tell(login string) error {
	host, _, err := net.SplitHostPort(e.config.SMTP)
	if err != nil {
		return err
	}
	c, err := smtp.Dial(e.config.SMTP)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.StartTLS(&tls.Config{RootCAs: e.roots, ServerName: host, MinVersion: tls.VersionTLS12}); err != nil {
		return err
	}
	if err := c.Mail("plain@nordwind.example"); err != nil {
		return err
	}
	if err := c.Rcpt(login); err != nil {
		return err
	}
	data, err := c.Data()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(data, "From: plain@nordwind.example\r\nTo: %s\r\nSubject: Your account was changed\r\n\r\nWas this you?\r\n", login)
	if err = errors.Join(err, data.Close()); err != nil {
		return err
	}
	return c.Quit()
}
