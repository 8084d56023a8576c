#!/bin/sh
# chassis.sh FOLDER get|set|check NAME [VALUE]...: ipmi_sim runs this for every chassis command and waits for its end.
# FOLDER is the machine: `power` and `boot` hold what is, `commands` what was asked, one per line, and `lag` seconds that
# pass before an order is carried out. With a file
# `stuck` no order has an effect, with a file `refusing` all fail.
cd "$1" || exit 1
op=$2
shift 2
while [ $# -gt 0 ]; do
  case $op:$1 in
  get:power) echo "power:$(cat power)" ;;
  get:boot) echo "boot:$(cat boot)" ;;
  set:power | set:boot)
    [ -e refusing ] && exit 1
    echo "$1 $2" >> commands
    [ -e lag ] && sleep "$(cat lag)"
    [ -e stuck ] || echo "$2" > "$1"
    shift
    ;;
  set:*) shift ;;
  *) exit 1 ;;
  esac
  shift
done
