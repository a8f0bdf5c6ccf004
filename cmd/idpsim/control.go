package main

import (
	"net"
	"net/http"
	"strconv"

	"github.com/countersign/countersign/cmd/idpsim/mailsink"
	"github.com/countersign/countersign/providers/entra/entrasim"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// control is the admin address: the simulators' remote controls, plays across
// both, and the mail sink's one switch.
func control(sim *oktasim.Sim, directory *entrasim.Sim, sink *mailsink.Sink) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/sim/", sim.Admin())
	mux.Handle("/entra/sim/", http.StripPrefix("/entra", directory.Admin()))
	mux.HandleFunc("POST /play", play(sim, directory))
	mux.HandleFunc("POST /mail/refuse", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.URL.Query().Get("n"))
		if err != nil || n < 0 {
			http.Error(w, "n must be a number of messages", http.StatusBadRequest)
			return
		}
		sink.RefuseNext(n)
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// localOnly keeps web pages of elsewhere, open in the same browser, away from
// an address without credentials: it refuses a Host that is not a loopback one
// (a rebound name) and a cross-origin request that changes something.
func localOnly(h http.Handler) http.Handler {
	h = http.NewCrossOriginProtection().Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "this address answers on this machine only", http.StatusMisdirectedRequest)
			return
		}
		h.ServeHTTP(w, r)
	})
}
