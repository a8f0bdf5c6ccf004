package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"
)

// The time limits of a connection. A request's headers must arrive within 5 s
// and its body within 10 s of its start.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 20 * time.Second
	idleTimeout       = 60 * time.Second
	// goodbye is how long connections that are open when a shutdown begins are
	// still answered, with a 503: net/http's own shutdown cuts them without a word.
	goodbye = 250 * time.Millisecond
	// drainTimeout is how long a shutdown waits for requests in flight; with what
	// follows it the whole takes less than 5 s.
	drainTimeout = 4250 * time.Millisecond
	// silentTimeout is how long a shutdown waits for connections that have not
	// sent a request yet.
	silentTimeout = time.Second
)

// ServerOptions are what NewServer needs to know.
type ServerOptions struct {
	// Addr is where to listen, as host:port; port 0 chooses a free one.
	Addr string
	// Handler answers; an Echo of NewEcho.
	Handler http.Handler
	// TLS holds the certificate; nil listens in the clear, for loopback or behind
	// a proxy. Versions below 1.2 are refused.
	TLS *tls.Config
	// MaxHeaderBytes bounds a request's headers; zero is 32 KiB.
	MaxHeaderBytes int
	// Conns caps connections; zero fields are the defaults.
	Conns ConnLimit
	// TrustedProxies are exempt from the cap per address: all of the world comes
	// from theirs.
	TrustedProxies []netip.Prefix
	// Logger takes what happens to the listener; nil logs nothing.
	Logger *slog.Logger
}

// Server is one listener. Make it with NewServer.
type Server struct {
	http     *http.Server
	listener net.Listener // the capped one, made strict or TLS
	capped   *limited
	silent   *silent
	tls      bool
	draining atomic.Bool
	log      *slog.Logger
}

// NewServer listens at once, so that a taken port is known before anything
// else starts, and serves when Run is called.
func NewServer(o ServerOptions) (*Server, error) {
	if o.Handler == nil {
		return nil, errors.New("gateway: a server needs a handler")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxHeaderBytes == 0 {
		o.MaxHeaderBytes = 32 << 10
	}
	conf, err := safeTLS(o.TLS)
	if err != nil {
		return nil, err
	}
	inner, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("gateway: listen on %s: %w", o.Addr, err)
	}
	s := &Server{tls: conf != nil, log: o.Logger, silent: newSilent()}
	s.capped = limitConns(inner, o.Conns, o.TrustedProxies, o.Logger)
	s.listener = &wires{Listener: s.capped, maxHeader: o.MaxHeaderBytes}
	if conf != nil {
		s.listener = newSecure(s.capped, conf, o.MaxHeaderBytes)
	}
	s.http = &http.Server{
		Handler:                      onWire(s.unlessDraining(o.Handler)),
		ConnContext:                  noteTLS,
		TLSConfig:                    conf,
		ReadHeaderTimeout:            readHeaderTimeout,
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               o.MaxHeaderBytes,
		DisableGeneralOptionsHandler: true,
		ConnState:                    s.silent.note,
		ErrorLog:                     slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          64,
			MaxReadFrameSize:              16 << 10,
			MaxDecoderHeaderTableSize:     4 << 10,
			MaxReceiveBufferPerConnection: 1 << 20,
			MaxReceiveBufferPerStream:     256 << 10,
			SendPingTimeout:               30 * time.Second,
			PingTimeout:                   10 * time.Second,
			WriteByteTimeout:              10 * time.Second,
		},
	}
	return s, nil
}

// safeTLS is a copy of the configuration that speaks 1.2 and 1.3 only.
func safeTLS(c *tls.Config) (*tls.Config, error) {
	if c == nil {
		return nil, nil
	}
	if len(c.Certificates) == 0 && c.GetCertificate == nil && c.GetConfigForClient == nil {
		return nil, errors.New("gateway: TLS is asked for without a certificate")
	}
	c = c.Clone()
	if c.MinVersion == 0 {
		c.MinVersion = tls.VersionTLS12
	}
	if len(c.NextProtos) == 0 {
		c.NextProtos = []string{"h2", "http/1.1"}
	}
	if c.MinVersion < tls.VersionTLS12 {
		return nil, fmt.Errorf("gateway: TLS versions below 1.2 are refused, and the configuration allows %s", tls.VersionName(c.MinVersion))
	}
	return c, nil
}

// Addr is where the server listens, with the port it was given.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close gives up a server whose Run was never called; after Run it does nothing.
func (s *Server) Close() error {
	if err := s.listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Run serves until ctx ends, then shuts down: nothing new is taken, requests
// in flight are finished, and after less than 5 s it returns. It returns nil
// after a clean shutdown and an error when it could not serve or had to cut
// requests off.
func (s *Server) Run(ctx context.Context) error {
	// Requests outlive ctx, since they are to be finished; what is still running
	// when Run gives up is told so.
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	s.http.BaseContext = func(net.Listener) context.Context { return base }
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(s.listener) }()
	s.log.InfoContext(ctx, "listening", "addr", s.Addr(), "tls", s.tls)
	select {
	case err := <-served:
		return fmt.Errorf("gateway: serve on %s: %w", s.Addr(), err)
	case <-ctx.Done():
	}
	err := s.drain(base)
	<-served
	return err
}
