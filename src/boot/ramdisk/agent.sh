#!/bin/busybox sh
# First and only program of the deploy ramdisk: finds the network, tells Ingot what this machine is, does what it is told
# (deploy, wipe, inspect), reports each stage, and switches the machine off.
#
# It shows Ingot the one-time secret of this start, which stands on the kernel's command line.

/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mkdir -p /proc /sys /dev /tmp /run /etc
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
LOG=/tmp/log
: > $LOG

uptime_s() { cut -d' ' -f1 /proc/uptime; }
say() { echo "[agent $(uptime_s)] $*" | tee -a $LOG > /dev/console; }
argument() { # the value of a word on the kernel's command line
  for word in $(cat /proc/cmdline); do
    case $word in "$1="*) echo "${word#*=}" ;; esac
  done
}
API=$(argument ingot.api)
SECRET=$(argument ingot.secret)
MAC=$(argument ingot.mac)
STRANGER=$(argument ingot.stranger)

# --- asking Ingot

call() { # PATH [wget's words]: the answer goes to standard output
  path=$1
  shift
  timeout "${LIMIT:-60}" wget -q -O - --header "Authorization: Bearer $SECRET" "$@" "$API/agent/$path"
}
report() { # PATH TEXT, again and again until it was taken
  printf '%s\n' "$2" > /tmp/report
  [ "$3" ] && tail -n 60 $LOG >> /tmp/report
  for pause in 1 2 4 8 16 16 16; do
    call "$1" --header 'Content-Type: text/plain' --post-file /tmp/report > /dev/null 2>> $LOG && return 0
    sleep $pause
  done
  say "could not report $1"
  return 1
}
await_ingot() { # it may have been killed and be starting again: no reason to give an installation up
  waits=60
  until call alive --post-data '' > /dev/null 2>> $LOG; do
    [ $((waits -= 1)) -gt 0 ] || return 1
    sleep 2
  done
}
leave() {
  [ "$STRANGER" ] && reboot -f # on to what it would have booted without us
  sync
  sleep 1
  poweroff -f
  sleep 60
  echo o > /proc/sysrq-trigger
}
fail() { # REASON
  say "failed: $*"
  report failed "$*" log
  leave
}
finish() { # EVIDENCE
  say "finished: $*"
  report finished "$*" log
  leave
}

# --- hardware

load_drivers() {
  for module in virtio_pci virtio_net virtio_blk virtio_scsi virtio_rng ahci sd_mod nvme e1000 e1000e isofs vfat; do
    modprobe $module 2> /dev/null
  done
  # What one driver finds may need the next.
  for round in 1 2; do
    find /sys/devices -name modalias -exec cat {} + 2> /dev/null | sort -u | xargs modprobe -a -q 2> /dev/null
  done
  for module in ipmi_si ipmi_devintf; do modprobe $module 2> /dev/null; done
}

card_of() { # the network card with this MAC address; without one the first that has a cable
  for card in /sys/class/net/*; do
    [ "${card##*/}" = lo ] && continue
    [ -e "$card/device" ] || continue
    if [ "$1" ]; then
      [ "$(cat "$card/address")" = "$1" ] && echo "${card##*/}" && return
    else
      ip link set "${card##*/}" up
      [ "$(cat "$card/carrier" 2> /dev/null)" = 1 ] && echo "${card##*/}" && return
    fi
  done
}

start_network() {
  tries=60
  until CARD=$(card_of "$MAC") && [ "$CARD" ]; do
    [ $((tries -= 1)) -gt 0 ] || return 1
    [ $tries = 30 ] && MAC= # booted from a disc: any card that has a cable
    sleep 0.5
  done
  printf '%s\n' '#!/bin/busybox sh' '[ "$1" = bound ] || exit 0' \
    'ip address add "$ip/${mask:-24}" dev "$interface"' \
    '[ "$router" ] && ip route add default via "${router%% *}"; exit 0' > /etc/lease
  chmod +x /etc/lease
  ip link set lo up
  ip link set "$CARD" up
  udhcpc -q -n -t 60 -T 1 -V ingot-ramdisk -i "$CARD" -s /etc/lease > /dev/null 2>&1
}

text_of() { # FILE, as a JSON string
  printf '"%s"' "$(cat "$1" 2> /dev/null | tr -cd ' -~' | tr -d '"\\' | cut -c1-200)"
}
disks() { # those that a system can be written to: no discs, no memory, nothing on USB
  for disk in /sys/block/*; do
    case ${disk##*/} in vd* | sd* | nvme* | hd* | xvd*) ;; *) continue ;; esac
    [ "$(cat "$disk/removable")" = 0 ] && [ "$(cat "$disk/ro")" = 0 ] && [ "$(cat "$disk/size")" -gt 0 ] || continue
    case $(readlink -f "$disk") in */usb*) continue ;; esac
    echo "${disk##*/}"
  done
}
facts() {
  dmi=/sys/class/dmi/id
  firmware=bios
  [ -d /sys/firmware/efi ] && firmware=uefi
  list=
  for name in $(disks); do
    disk=/sys/block/$name
    rotational=false
    [ "$(cat "$disk/queue/rotational")" = 1 ] && rotational=true
    serial=$disk/serial
    [ -e "$serial" ] || serial=$disk/device/serial
    list="$list${list:+,}{\"name\":\"$name\",\"bytes\":$(($(cat "$disk/size") * 512)),\"rotational\":$rotational,"
    list="$list\"model\":$(text_of "$disk/device/model"),\"serial\":$(text_of "$serial")}"
  done
  cards=
  for card in /sys/class/net/*; do
    [ -e "$card/device" ] || continue
    carrier=false
    [ "$(cat "$card/carrier" 2> /dev/null)" = 1 ] && carrier=true
    speed=$(cat "$card/speed" 2> /dev/null)
    [ "${speed:-0}" -gt 0 ] || speed=0
    cards="$cards${cards:+,}{\"name\":\"${card##*/}\",\"mac\":$(text_of "$card/address"),"
    cards="$cards\"has_carrier\":$carrier,\"speed_mbps\":$speed}"
  done
  bmc=
  [ -e /dev/ipmi0 ] && bmc=$(ipmitool lan print 2> /dev/null | sed -n 's/^IP Address  *: *\([0-9.]*\).*/\1/p')
  sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1 > /tmp/model
  echo "{\"firmware\":\"$firmware\",\"manufacturer\":$(text_of $dmi/sys_vendor),\"product\":$(text_of $dmi/product_name)," \
    "\"serial\":$(text_of $dmi/product_serial),\"uuid\":$(text_of $dmi/product_uuid)," \
    "\"bios_version\":$(text_of $dmi/bios_version),\"cpu_model\":$(text_of /tmp/model)," \
    "\"cpu_cores\":$(grep -c ^processor /proc/cpuinfo)," \
    "\"memory_kib\":$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)," \
    "\"disks\":[$list],\"nics\":[$cards],\"bmc_address\":\"$bmc\"}"
}

# --- deploy

write_image() { # the checksum is over what crosses the network, as the image is kept
  case $FORM in raw) unpack=cat ;; gzip) unpack='gunzip -c' ;; zstd) unpack='zstd -q -dc' ;; *) return 1 ;; esac
  rm -f /tmp/sum-pipe
  mkfifo /tmp/sum-pipe
  sha256sum < /tmp/sum-pipe > /tmp/sum &
  summing=$!
  {
    {
      LIMIT=86400 call image
      echo $? > /tmp/fetched
    } | tee /tmp/sum-pipe | {
      $unpack
      echo $? > /tmp/unpacked
    } | dd of="/dev/$DISK" bs=4M iflag=fullblock conv=fsync
    echo $? > /tmp/written
  } 2>> $LOG
  wait $summing
  [ "$(cat /tmp/written)" = 0 ] || REASON="writing to $DISK failed"
  [ "$(cat /tmp/unpacked)" = 0 ] || REASON="unpacking ($FORM) failed"
  [ "$(cat /tmp/fetched)" = 0 ] || REASON="the image stopped coming"
  sum=$(cut -d' ' -f1 /tmp/sum)
  [ "$sum" = "$SHA256" ] || REASON="the checksum of the image is $sum and should be $SHA256${REASON:+ ($REASON)}"
  [ -z "$REASON" ]
}

forget_image() { # half a system must not boot
  dd if=/dev/zero of="/dev/$DISK" bs=1M count=1 conv=fsync 2> /dev/null
}

write_config_drive() { # in a partition of its own at the end of the disk, 8 MiB
  for try in 1 2 3 4 5; do
    REASON=
    call config-drive > /tmp/config-drive && break
    REASON='the config drive was not sent'
    await_ingot || break
  done
  [ -z "$REASON" ] || return 1
  block=$(cat "/sys/block/$DISK/queue/logical_block_size")
  blocks=$(($(cat "/sys/block/$DISK/size") * 512 / block))
  length=$((8388608 / block))
  # 34 blocks are the second table of a GPT, which moves to the end of this disk first.
  start=$(((blocks - length - 34) * block / 1048576 * 1048576 / block))
  sfdisk -q --relocate gpt-bak-std "/dev/$DISK" 2> /dev/null
  echo "start=$start, size=$length" | sfdisk -q --append --no-reread "/dev/$DISK" >> $LOG 2>&1 ||
    { REASON='the table of the image has no room for another partition'; return 1; }
  blockdev --rereadpt "/dev/$DISK" 2>> $LOG
  tries=50
  until part=$(partition_at $((start * block / 512))) && [ -b "/dev/$part" ]; do
    [ $((tries -= 1)) -gt 0 ] || { REASON='the partition for the config drive did not appear'; return 1; }
    sleep 0.2
  done
  dd if=/tmp/config-drive of="/dev/$part" bs=1M conv=fsync 2>> $LOG
  echo 3 > /proc/sys/vm/drop_caches
  head -c "$(stat -c %s /tmp/config-drive)" "/dev/$part" | cmp -s - /tmp/config-drive ||
    { REASON="the config drive does not read back from $part"; return 1; }
  PART=$part
}
partition_at() { # by its start, in sectors of 512 bytes
  for part in "/sys/block/$DISK/$DISK"*; do
    [ "$(cat "$part/start" 2> /dev/null)" = "$1" ] && echo "${part##*/}" && return
  done
}

deploy() {
  say "writing the image to $DISK"
  for try in 1 2 3 4 5; do # a line that breaks once may hold the second time
    REASON=
    write_image && break
    say "$REASON"
    [ "$(cat /tmp/fetched)" = 0 ] && break # it came whole, and is wrong
    await_ingot || break
  done
  [ -z "$REASON" ] || { forget_image; fail "$REASON"; }
  report signs/written "$RAW_BYTES bytes on $DISK, the checksum is right"
  write_config_drive || { forget_image; fail "$REASON"; }
  report signs/config-drive "on $PART, reads back"
  finish "the system is on $DISK, its config drive on $PART"
}

# --- wipe

is_zero() { # DISK OFFSET in MiB: a MiB that reads as zeros
  [ -z "$(dd if="/dev/$1" bs=1M skip="$2" count=1 2> /dev/null | tr -d '\0' | head -c 1)" ]
}
reads_as_zeros() { # DISK: begin, end, and seven places between
  mib=$(($(cat "/sys/block/$1/size") / 2048))
  echo 3 > /proc/sys/vm/drop_caches
  for eighth in 0 1 2 3 4 5 6 7; do is_zero "$1" $((mib * eighth / 8)) || return 1; done
  is_zero "$1" $((mib - 1))
}
erase_nvme() { # the drive forgets its user data by itself (NVMe Format, SES 1)
  case $1 in nvme*) ;; *) return 1 ;; esac
  nvme format "/dev/$1" --ses=1 --force >> $LOG 2>&1 && HOW='secure erase (NVMe format)'
}
erase_ata() { # ATA security; not where the firmware has frozen it
  case $1 in sd*) ;; *) return 1 ;; esac
  hdparm -I "/dev/$1" 2> /dev/null | sed -n '/^Security/,$p' > /tmp/security
  grep -q '^[[:space:]]*supported$' /tmp/security && grep -q 'not[[:space:]]*frozen' /tmp/security || return 1
  step=set-pass # before an erase, which takes the password away again
  grep -q 'not[[:space:]]*enabled' /tmp/security || step=unlock # ours, of an erase that broke off; or somebody else's
  hdparm --user-master u --security-$step ingot "/dev/$1" >> $LOG 2>&1 || return 1
  hdparm --user-master u --security-erase ingot "/dev/$1" >> $LOG 2>&1 && HOW='secure erase (ATA)' && return
  hdparm --user-master u --security-disable ingot "/dev/$1" >> $LOG 2>&1
  return 1
}
discard() {
  [ "$(cat "/sys/block/$1/queue/discard_max_bytes" 2> /dev/null || echo 0)" -gt 0 ] || return 1
  blkdiscard "/dev/$1" >> $LOG 2>&1 && reads_as_zeros "$1" && HOW='discarded'
}
overwrite() { # what matters: tables and file systems at the begin of the disk and of its partitions, and their ends
  HOW='begin and end of the disk and of its partitions overwritten, the data between them was left'
  for part in "/sys/block/$1/$1"*; do
    [ -b "/dev/${part##*/}" ] || continue
    overwrite_ends "/dev/${part##*/}" $(($(cat "$part/size") / 2048)) || return 1
  done
  overwrite_ends "/dev/$1" $(($(cat "/sys/block/$1/size") / 2048))
  echo 3 > /proc/sys/vm/drop_caches
  is_zero "$1" 0 && is_zero "$1" $(($(cat "/sys/block/$1/size") / 2048 - 1))
}
overwrite_ends() { # DEVICE MIB
  count=64
  [ "$2" -gt $count ] || count=$2
  [ "$count" -gt 0 ] || return 0
  dd if=/dev/zero of="$1" bs=1M count=$count conv=fsync 2>> $LOG || return 1
  dd if=/dev/zero of="$1" bs=1M seek=$(($2 - count)) count=$((count + 1)) conv=fsync 2> /dev/null
  return 0 # the last write runs into the end of the device
}
wipe() {
  told=
  for disk in $(disks); do
    HOW=
    say "wiping $disk"
    erase_nvme "$disk" || erase_ata "$disk" || discard "$disk" || overwrite "$disk" ||
      fail "$disk could not be wiped"
    report signs/wiped "$disk: $HOW"
    told="$told${told:+; }$disk: $HOW"
  done
  finish "wiped ${told:-nothing, for there is no disk}"
}

# --- the walk

load_drivers
start_network || say 'no address was leased'
say "network on ${CARD:-no card}: $(ip -4 -o address show dev "$CARD" 2> /dev/null | sed -n 's/.*inet \([^ ]*\).*/\1/p')"
facts > /tmp/facts
cat /tmp/facts >> $LOG
tries=30
until call hello --header 'Content-Type: application/json' --post-file /tmp/facts > /tmp/plan 2>> $LOG; do
  # Nobody to work for: Ingot switches the machine off and on again, or has given this start up.
  [ $((tries -= 1)) -gt 0 ] || { say 'Ingot does not answer'; leave; }
  sleep 2
done
. /tmp/plan
say "told to $ACTION"
beat() { # so that Ingot knows that we live; while a system is written, only as long as the disk moves
  before=
  while sleep 10; do
    now=$(cat "/sys/block/$DISK/stat" 2> /dev/null)
    [ "$DISK" ] && [ "$now" = "$before" ] && continue
    before=$now
    call alive --post-data '' > /dev/null 2>&1
  done
}
beat &
case $ACTION in
  deploy) deploy ;;
  wipe) wipe ;;
  inspect) finish 'inspected' ;;
  *) leave ;;
esac
