package main

import (
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// watch stands between the service and the simulator, as one organisation for each
// connection, and notes when the first call leaves that changes an account.
type watch struct {
	mu    sync.Mutex
	acted map[string]time.Time // by account
	more  chan struct{}        // told of each, as far as somebody listens
	urls  []string
	close func()
}

// newWatch opens so many organisations, all of which are the simulator's one.
func newWatch(simulator string, organisations int) (*watch, error) {
	target, err := url.Parse(simulator)
	if err != nil {
		return nil, err
	}
	w := &watch{acted: map[string]time.Time{}, more: make(chan struct{}, 1)}
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	var servers []*http.Server
	w.close = func() {
		for _, s := range servers {
			_ = s.Close()
		}
		transport.CloseIdleConnections()
	}
	for range organisations {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			w.close()
			return nil, err
		}
		own := "http://" + l.Addr().String()
		p := &httputil.ReverseProxy{
			Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
			Transport: transport,
			ModifyResponse: func(r *http.Response) error { // the next page is asked for where the first was
				for i, link := range r.Header["Link"] {
					r.Header["Link"][i] = strings.ReplaceAll(link, simulator, own)
				}
				return nil
			},
		}
		s := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			w.note(r, time.Now())
			p.ServeHTTP(rw, r)
		})}
		servers = append(servers, s)
		w.urls = append(w.urls, own)
		go func() { _ = s.Serve(l) }() // it ends with close
	}
	return w, nil
}

// note remembers a request that changes an account.
func (w *watch) note(r *http.Request, now time.Time) {
	at := strings.Index(r.URL.Path, "00uBench")
	if r.Method == http.MethodGet || at < 0 || len(r.URL.Path) < at+20 {
		return
	}
	w.mu.Lock()
	if _, known := w.acted[r.URL.Path[at:at+20]]; !known {
		w.acted[r.URL.Path[at:at+20]] = now
	}
	w.mu.Unlock()
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// seen is how many of the accounts there was a call about, and when each was first.
func (w *watch) seen(accounts []string) map[string]time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string]time.Time{}
	for _, a := range accounts {
		if at, ok := w.acted[a]; ok {
			out[a] = at
		}
	}
	return out
}
