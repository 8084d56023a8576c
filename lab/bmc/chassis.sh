#!/bin/bash
# chassis.sh PORT MACHINE get|set|check NAME [VALUE]...: ipmi_sim runs this for every chassis command and reads its output
# to the end. The machine's supervisor does the work; see chassis-control.ts. Bash can dial by itself, which takes a few
# milliseconds; ipmi_sim stands still meanwhile.
exec 3<> "/dev/tcp/127.0.0.1/$1" || exit 1
shift
printf '%s\n' "$*" >&3
IFS= read -r verdict <&3
cat <&3
[ "$verdict" = ok ]
