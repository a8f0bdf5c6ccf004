package console_test

import (
	"net/http"
	"testing"
)

func TestHoldShows(t *testing.T) {
	w := newWorld()
	k := w.add(annas())
	s := serve(t, w)
	p := s.as(t, "p-rolf").get("/holds/" + string(k.Hold))
	p.want(t, http.StatusOK)
	t.Log(p.text("main"))
}
