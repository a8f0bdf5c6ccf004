package intake_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// H16: whatever was told 204 is stored, and what was under way is finished.
func TestH16ShutdownUnderLoad(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	e.store.entered = make(chan struct{}, 1<<16)
	const senders = 16
	var mu sync.Mutex
	told := map[string]bool{} // delivery id → a 204 came
	refused := 0
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for i := 0; ; i++ {
				id := fmt.Sprintf("e-%d-%d", s, i)
				status, err := postEvent(client, e.Addr(), id)
				mu.Lock()
				told[id] = status == http.StatusNoContent
				if status == http.StatusServiceUnavailable {
					refused++
				}
				mu.Unlock()
				if err != nil {
					return // the listener is closed
				}
				if status != http.StatusNoContent && status != http.StatusServiceUnavailable {
					t.Errorf("%s: got %d", id, status)
				}
			}
		})
	}
	for range 200 {
		<-e.store.entered // the load is on
	}
	began := time.Now()
	e.stop()
	if err := <-e.done; err != nil {
		t.Errorf("the shutdown: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the shutdown took %v", took)
	}
	wg.Wait()
	stored := map[string]bool{}
	for _, d := range e.store.all() {
		stored[d.Envelope] = true
	}
	accepted := 0
	for id, ok := range told {
		if ok {
			accepted++
		}
		if ok && !stored[id] {
			t.Errorf("%s was told 204 and is not stored", id)
		}
	}
	t.Logf("%d accepted, %d stored, %d refused with a 503", accepted, len(stored), refused)
	if refused < senders/2 {
		t.Errorf("only %d of %d senders were told to try again; the others were cut off without a word", refused, senders)
	}
	if accepted < 200 {
		t.Errorf("only %d deliveries were accepted; there was no load", accepted)
	}
}

func postEvent(client *http.Client, addr, id string) (int, error) {
	req, err := http.NewRequest(http.MethodPost, "http://"+addr+"/hooks/okta/acme-okta", strings.NewReader(event(id)))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", acmeSecret)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

func TestH16DeliveryInFlightIsFinished(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	e.store.entered, e.store.release = make(chan struct{}), make(chan struct{})
	answer := make(chan int, 1)
	go func() {
		status, err := postEvent(http.DefaultClient, e.Addr(), "e-1")
		if err != nil {
			t.Error(err)
		}
		answer <- status
	}()
	<-e.store.entered
	e.stop()
	for { // until the shutdown has begun: nobody new gets in
		if _, err := e.try(verification(), nil); err != nil {
			break
		}
	}
	close(e.store.release)
	if got := <-answer; got != http.StatusNoContent {
		t.Errorf("got %d", got)
	}
	if err := <-e.done; err != nil {
		t.Errorf("the shutdown: %v", err)
	}
	e.store.only(t)
}
