// Gives histories of `unum lab run --history` to Porcupine, a linearizability checker that others wrote, with a model of Redis that
// shares nothing with the lab's own. For each object of each file it prints
//
//	ok|illegal|unknown|skipped TAB file TAB object TAB operations
//
// and exits with 1 where one is illegal. Unknown: no verdict in the time given. Skipped: it is judged by rules that are not
// linearizability alone (expiry), or uses commands that the model does not know (WATCH, sorted sets); why stands behind.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// line is one operation, as src/lab/history-lines.ts writes it.
type line struct {
	Object     string     `json:"object"`
	Judge      string     `json:"judge"`
	Connection int        `json:"connection"`
	Commands   [][]string `json:"commands"`
	Reply      *string    `json:"reply"`
	Call       int64      `json:"call"`
	Return     *int64     `json:"return"`
}

// request is what one operation asked. A connection's operations take effect in the order asked, also where they were under way
// together, which intervals cannot say: `after` is the number of the one before, and the state tells whether that was done.
type request struct {
	commands   [][]string
	number     int
	after      int
	isAwaited  bool
	isAnswered bool
}

const none = -1

func main() {
	timeout := flag.Duration("timeout", 10*time.Second, "for one object")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: porcupine [-timeout 10s] FILE...")
		os.Exit(2)
	}
	exitCode := 0
	for _, file := range flag.Args() {
		objects, names, err := read(file)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		for _, name := range names {
			verdict, reason := judge(objects[name], *timeout)
			if verdict == "illegal" {
				exitCode = 1
			}
			fmt.Printf("%s\t%s\t%s\t%d%s\n", verdict, file, name, len(objects[name]), reason)
		}
	}
	os.Exit(exitCode)
}

// read gives the operations of each object, and the objects in the order in which they first occur.
func read(file string) (map[string][]line, []string, error) {
	input, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer input.Close()
	objects := map[string][]line{}
	names := []string{}
	scanner := bufio.NewScanner(input)
	scanner.Buffer(nil, 64<<20)
	for scanner.Scan() {
		var operation line
		if err := json.Unmarshal(scanner.Bytes(), &operation); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file, err)
		}
		// Keys in different shards: nothing was done, and where shards begin is not for the model to know.
		if operation.Reply != nil && strings.HasPrefix(*operation.Reply, "-CROSSSLOT") {
			continue
		}
		if _, known := objects[operation.Object]; !known {
			names = append(names, operation.Object)
		}
		objects[operation.Object] = append(objects[operation.Object], operation)
	}
	return objects, names, scanner.Err()
}

func judge(operations []line, timeout time.Duration) (verdict, reason string) {
	if operations[0].Judge == "expiry" {
		return "skipped", "\tjudged by the time"
	}
	for _, operation := range operations {
		for _, words := range operation.Commands {
			if !isKnown(words) {
				return "skipped", "\tno model of " + words[0]
			}
		}
	}
	switch porcupine.CheckOperationsTimeout(model, prepared(operations), timeout) {
	case porcupine.Ok:
		return "ok", ""
	case porcupine.Illegal:
		return "illegal", ""
	default:
		return "unknown", ""
	}
}

// prepared turns lines, which are in the order of their calls, into Porcupine's operations. What was not answered may take effect
// at any later time: it returns after everything else, with any reply. (That it may never take effect needs no word: nobody sees what is
// done last.)
func prepared(lines []line) []porcupine.Operation {
	operations := make([]porcupine.Operation, len(lines))
	requests := make([]*request, len(lines))
	last := map[int]int{}
	for i, line := range lines {
		requests[i] = &request{commands: line.Commands, number: i, after: none, isAnswered: line.Return != nil}
		operation := porcupine.Operation{ClientId: line.Connection, Call: line.Call, Return: math.MaxInt64}
		if line.Return != nil {
			operation.Return = *line.Return
			operation.Output = normalized(*line.Reply)
		}
		if before, known := last[line.Connection]; known && *lines[before].Return > line.Call {
			requests[i].after = before
			requests[before].isAwaited = true
		}
		if line.Return != nil {
			last[line.Connection] = i
		}
		operations[i] = operation
	}
	for i := range operations {
		operations[i].Input = *requests[i]
	}
	return operations
}
