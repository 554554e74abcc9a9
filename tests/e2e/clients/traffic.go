// Posts to URL from several goroutines over kept connections until nobody listens there any more; then
// prints how many answers came and what failed, as JSON.
//
//	go run traffic.go URL BODY EXPECTED [h2c]      h2c: HTTP/2 with prior knowledge
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	url, body, expected := os.Args[1], os.Args[2], os.Args[3]
	transport := &http.Transport{MaxIdleConnsPerHost: 4}
	if len(os.Args) > 4 && os.Args[4] == "h2c" {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: transport}
	var lock sync.Mutex
	answered, failures := 0, []string{}
	var group sync.WaitGroup
	for range 4 {
		group.Add(1)
		go func() {
			defer group.Done()
			for {
				failure, over := ask(client, url, body, expected)
				if over {
					return
				}
				lock.Lock()
				answered++
				if failure != "" {
					failures = append(failures, failure)
				}
				lock.Unlock()
				if failure != "" {
					return
				}
			}
		}()
	}
	group.Wait()
	json.NewEncoder(os.Stdout).Encode(map[string]any{"answered": answered, "failures": failures})
}

// What went wrong, if anything; and whether the server has gone.
func ask(client *http.Client, url, body, expected string) (string, bool) {
	response, err := client.Post(url, "application/json", strings.NewReader(body))
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "", true
	}
	if err != nil {
		return err.Error(), false
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 || !strings.Contains(string(text), expected) {
		return fmt.Sprintf("%d %q %v", response.StatusCode, text, err), false
	}
	return "", false
}
