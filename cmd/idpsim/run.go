package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/countersign/countersign/cmd/idpsim/mailsink"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// Ready is the line printed when everything listens.
type Ready struct {
	Okta     OktaReady  `json:"okta"`
	Entra    EntraReady `json:"entra"`
	AdminURL string     `json:"adminURL"`
	Mail     MailReady  `json:"mail"`
}

// OktaReady is what a client of the Okta simulator needs.
type OktaReady struct {
	URL          string          `json:"url"`
	Engine       oktasim.Engine  `json:"engine"`
	Token        string          `json:"token"`                  // SSWS token of the service account
	ClientID     string          `json:"clientID,omitempty"`     // service app
	ClientKeyPEM string          `json:"clientKeyPEM,omitempty"` // its private key, PKCS#1; absent when the company brought a public key
	Company      oktasim.Company `json:"company"`
}

// MailReady is what a sender and a reader of mail need.
type MailReady struct {
	SMTPAddr       string `json:"smtpAddr"`
	CertificatePEM string `json:"certificatePEM"`
	URL            string `json:"url"`
}

// options are the command line.
type options struct {
	listen, entra, admin, smtp, mail string
	company, engine, directory       string
}

func parseArgs(args []string, errOut io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("idpsim", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "`address` of the Okta API")
	f.StringVar(&o.entra, "entra-listen", "127.0.0.1:0", "`address` of Microsoft Graph and of its login endpoint")
	f.StringVar(&o.admin, "admin", "127.0.0.1:0", "`address` of the simulator's remote control")
	f.StringVar(&o.smtp, "smtp", "127.0.0.1:0", "`address` of the mail sink's SMTP server")
	f.StringVar(&o.mail, "mail", "127.0.0.1:0", "`address` of the page that shows the mails")
	f.StringVar(&o.company, "company", "", "JSON `file` with the company to simulate (default: a small one)")
	f.StringVar(&o.directory, "entra-company", "", "JSON `file` with the directory to simulate (default: the same small company)")
	f.StringVar(&o.engine, "engine", string(oktasim.IdentityEngine), "oie or classic")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	return o, o.check()
}

func (o options) check() error {
	for name, addr := range map[string]string{
		"--listen": o.listen, "--entra-listen": o.entra, "--admin": o.admin, "--smtp": o.smtp, "--mail": o.mail,
	} {
		if err := loopbackOnly(addr); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// loopbackOnly refuses an address that others could reach: nothing here asks
// for credentials worth the name.
func loopbackOnly(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is no host:port: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%q is not a loopback address, and the simulator must not be reachable by others", addr)
	}
	return nil
}

// run starts everything, prints the Ready line and waits for the end.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) error {
	o, err := parseArgs(args, errOut)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	company, err := loadCompany(o.company)
	if err != nil {
		return err
	}
	key, err := giveKey(&company)
	if err != nil {
		return err
	}
	sim, err := oktasim.New(oktasim.Options{Company: company, Engine: oktasim.Engine(o.engine)})
	if err != nil {
		return err
	}
	defer sim.Close()
	directory, err := newDirectory(o.directory)
	if err != nil {
		return err
	}
	defer directory.Close()
	sink, err := mailsink.New(mailsink.Options{})
	if err != nil {
		return err
	}
	defer sink.Close()

	ctx, cancel := untilClosed(ctx, in)
	defer cancel()
	s := servers{fail: make(chan error, 5)}
	defer s.close()
	api := s.http(ctx, o.listen, sim)
	graph := s.http(ctx, o.entra, directory)
	admin := s.http(ctx, o.admin, localOnly(control(sim, directory, sink)))
	page := s.http(ctx, o.mail, localOnly(sink.Handler()))
	smtp := s.listen(o.smtp, sink.ServeSMTP)
	if s.err != nil {
		return s.err
	}
	sim.SetOrgURL("http://" + api)
	ready := Ready{
		Okta:     readyOkta(sim, "http://"+api, key),
		Entra:    readyEntra(directory, "http://"+graph),
		AdminURL: "http://" + admin,
		Mail:     MailReady{SMTPAddr: smtp, CertificatePEM: sink.CertificatePEM(), URL: "http://" + page},
	}
	if err := json.NewEncoder(out).Encode(ready); err != nil {
		return fmt.Errorf("print the ready line: %w", err)
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.fail:
		return err
	}
}

func readyOkta(sim *oktasim.Sim, url, key string) OktaReady {
	out := OktaReady{URL: url, Engine: sim.Engine(), ClientKeyPEM: key, Company: sim.Company()}
	if t := out.Company.Tokens; len(t) > 0 {
		out.Token = t[0].Value
	}
	if a := out.Company.Apps; len(a) > 0 {
		out.ClientID = a[0].ID
	}
	return out
}

func loadCompany(file string) (oktasim.Company, error) {
	if file == "" {
		return oktasim.SmallCompany(), nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return oktasim.Company{}, fmt.Errorf("read the company: %w", err)
	}
	return oktasim.ReadCompany(data)
}

// servers opens listeners until one fails, and closes them all.
type servers struct {
	err     error
	fail    chan error
	closers []func()
}

// listen opens an address and serves it in the background. It returns the
// address in use.
func (s *servers) listen(addr string, serve func(net.Listener) error) string {
	if s.err != nil {
		return ""
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		s.err = fmt.Errorf("listen on %s: %w", addr, err)
		return ""
	}
	s.closers = append(s.closers, func() { _ = l.Close() }) // closed already by its server, or not: both are fine
	go func() {
		if err := serve(l); err != nil && !errors.Is(err, net.ErrClosed) {
			s.fail <- fmt.Errorf("serve %s: %w", addr, err)
		}
	}()
	return l.Addr().String()
}

func (s *servers) http(ctx context.Context, addr string, h http.Handler) string {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	s.closers = append(s.closers, func() { _ = srv.Close() })
	return s.listen(addr, func(l net.Listener) error {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
}

func (s *servers) close() {
	for _, c := range s.closers {
		c()
	}
}
