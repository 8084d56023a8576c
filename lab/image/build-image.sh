#!/bin/bash
# build-image.sh KERNEL-TREE NAME OUT.raw: a disk that boots by BIOS and by UEFI into a small system of Debian's kernel and
# busybox. Needs neither root nor loop devices.
#
# The disk: GRUB's boot.img in the MBR and core.img behind it, where boot.img looks for it unpatched; an EFI system
# partition with kernel and initramfs, from which both firmwares start; a partition of ext4 for what lasts over boots.
set -euo pipefail
tree=$1 name=$2 out=$3
files=$(cd "$(dirname "$0")/files" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kernel=$(ls "$tree/lib/modules")
modules='virtio_pci virtio_net virtio_blk virtio-rng ahci e1000e nls_ascii nls_cp437 vfat isofs button evdev'

# --- the system, all of it in the initramfs
root=$work/root
mkdir -p "$root"/{bin,proc,sys,dev,etc,"lib/modules/$kernel"}
cp /bin/busybox "$root/bin/"
for file in /sbin/sulogin $(ldd /sbin/sulogin | grep -o '/[^ ]*'); do install -D "$file" "$root$file"; done
install -m 755 "$files/init" "$root/init"
install -m 755 "$files/start" "$files/lease" "$files/login" "$root/etc/"
install -m 644 "$files/inittab" "$root/etc/"
printf 'NAME="%s"\n' "$name" > "$root/etc/release"
depmod -b "$tree" "$kernel"
for module in $modules; do # not all kernels have all of them
  modprobe -d "$tree" -S "$kernel" --show-depends "$module" 2> /dev/null | sed -n 's/^insmod //p' || true
done | sort -u | while read -r file; do install -D -m 644 "$file" "$root/${file#"$tree"}"; done
cp "$tree/lib/modules/$kernel"/modules.{order,builtin,builtin.modinfo} "$root/lib/modules/$kernel/"
depmod -b "$root" "$kernel"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) | gzip -9 > "$work/initrd"

# --- GRUB for both firmwares
cat > "$work/grub.cfg" << GRUB
set timeout=0
serial --unit=0 --speed=115200
terminal_output serial
menuentry "$name" { linux /vmlinuz console=ttyS0,115200 quiet panic=5; initrd /initrd; }
GRUB
printf 'search.fs_label LABBOOT root\nset prefix=($root)/grub\nconfigfile /grub/grub.cfg\n' > "$work/early.cfg"
grub='part_msdos part_gpt fat normal configfile linux search search_label serial terminal'
grub-mkimage -O i386-pc -o "$work/core.img" -p /grub -c "$work/early.cfg" biosdisk $grub
grub-mkimage -O x86_64-efi -o "$work/bootx64.efi" -p /grub -c "$work/early.cfg" $grub efi_gop

# --- the partitions, in sectors of 512 bytes
espStart=2048 espSectors=98304 dataSectors=32768
dataStart=$((espStart + espSectors))
[ "$(stat -c %s "$work/core.img")" -lt $(((espStart - 1) * 512)) ]
truncate -s $((espSectors * 512)) "$work/esp"
mkfs.vfat -n LABBOOT "$work/esp" > /dev/null
export MTOOLS_SKIP_CHECK=1
mmd -i "$work/esp" ::/EFI ::/EFI/BOOT ::/grub
mcopy -i "$work/esp" "$work/bootx64.efi" ::/EFI/BOOT/BOOTX64.EFI
mcopy -i "$work/esp" "$work/grub.cfg" ::/grub/grub.cfg
mcopy -i "$work/esp" "$tree/boot/vmlinuz-$kernel" ::/vmlinuz
mcopy -i "$work/esp" "$work/initrd" ::/initrd
truncate -s $((dataSectors * 512)) "$work/data"
mke2fs -q -t ext4 -L labdisk "$work/data"

rm -f "$out"
truncate -s $(((dataStart + dataSectors) * 512)) "$out"
sfdisk -q "$out" << TABLE
label: dos
start=$espStart, size=$espSectors, type=ef, bootable
start=$dataStart, size=$dataSectors, type=83
TABLE
put() { dd if="$1" of="$out" bs=512 seek="$2" conv=notrunc,sparse status=none; }
put "$work/esp" $espStart
put "$work/data" $dataStart
put "$work/core.img" 1
dd if=/usr/lib/grub/i386-pc/boot.img of="$out" bs=440 count=1 conv=notrunc status=none
