package redis_test

import (
	"fmt"
	"os"
	"strings"

	. "github.com/bsm/ginkgo/v2"
	"github.com/bsm/ginkgo/v2/types"
)

// Appends a line of verdict, spec and reason per spec to the file VERDICTS.
var _ = ReportAfterEach(func(report SpecReport) {
	verdict := "fail"
	switch report.State {
	case types.SpecStatePassed:
		verdict = "pass"
	case types.SpecStateSkipped, types.SpecStatePending:
		verdict = "skip"
	}
	file, err := os.OpenFile(os.Getenv("VERDICTS"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	reason := strings.Join(strings.Fields(report.Failure.Message), " ")
	fmt.Fprintf(file, "%s\t%s\t%s\n", verdict, report.FullText(), reason)
})
