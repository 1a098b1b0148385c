#!/bin/sh
# pkg: installs programs of the machine from which this image was assembled.
# All that it writes gets one fixed time, so that the same installation gives the same layer.
set -eu
umask 022
LC_ALL=C
export LC_ALL

folder=/usr/share/plywood/packages
state=/var/lib/pkg
cache=/var/cache/pkg
list=$state/lists/packages
tab=$(printf '\t')
newline='
'
blanks=$IFS

usage() {
    cat <<'END'
pkg: installs programs of the machine from which this image was assembled

  pkg update             copy the list of packages to /var/lib/pkg/lists
  pkg list               all packages; a star marks what is installed
  pkg search WORD        packages whose name or description has the word
  pkg install NAME...    install; a copy stays in /var/cache/pkg
  pkg remove NAME...     remove again
  pkg files NAME         the files of a package
  pkg owner PATH         the package to which an installed file belongs
  pkg clean              remove cached packages and the list
END
}

fail() {
    printf 'pkg: %s\n' "$*" >&2
    exit 1
}

misuse() {
    printf 'pkg: %s\nusage: pkg update|list|search|install|remove|files|owner|clean; pkg help says more\n' "$*" >&2
    exit 2
}

# 4915200 -> 4.9 MB
human() {
    awk -v bytes="$1" 'BEGIN {
        if (bytes < 1000) { printf "%d B\n", bytes; exit }
        split("kB MB GB", unit, " ")
        for (i = 1; (bytes /= 1000) >= 999.95 && i < 3; i++) ;
        printf "%.1f %s\n", bytes, unit[i]
    }'
}

plural() {
    if [ "$1" -eq 1 ]; then printf '1 %s' "$2"; else printf '%s %ss' "$1" "$2"; fi
}

need_folder() {
    [ -f $folder/list ] ||
        fail "the package folder $folder is empty: Plywood fills it when it runs this image itself"
}

# Paths on standard input, one a line, get the fixed time; links themselves, not what they lead to.
same_time() {
    tr '\n' '\0' | TZ=UTC0 xargs -0 touch -h -t 200001010000.00 2>/dev/null || :
}

# Each directory above the absolute paths on standard input, deepest first, once.
directories() {
    awk '{ while (sub("/[^/]*$", "") && $0 != "") seen[$0] = 1 }
        END { for (path in seen) print path }' | sort -r
}

own_directories() {
    printf '%s\n' $state $state/lists $state/installed $cache
}

update() {
    need_folder
    mkdir -p $state/lists $state/installed $cache
    printf 'Reading the package list ... '
    cp $folder/list $list
    chmod 644 $list
    { printf '%s\n' $list; own_directories; } | same_time
    plural "$(awk 'END { print NR }' $list)" package
    echo
}

need_list() {
    need_folder
    [ -f $list ] || update
}

# The line of a package: name, version, files, bytes, description, separated by tabs.
row() {
    awk -F "$tab" -v name="$1" '$1 == name { print; found = 1; exit } END { exit !found }' $list
}

column() {
    printf '%s\n' "$1" | cut -f "$2"
}

unknown() {
    near=$(awk -F "$tab" -v word="$1" '
        function least(a, b, c) { if (b < a) a = b; return c < a ? c : a }
        function distance(s, t,    i, j, d) {
            for (i = 0; i <= length(s); i++) d[i, 0] = i
            for (j = 0; j <= length(t); j++) d[0, j] = j
            for (i = 1; i <= length(s); i++)
                for (j = 1; j <= length(t); j++)
                    d[i, j] = least(d[i-1, j] + 1, d[i, j-1] + 1,
                        d[i-1, j-1] + (substr(s, i, 1) != substr(t, j, 1)))
            return d[length(s), length(t)]
        }
        function near(name) {
            if (length(word) > 2 && (index(name, word) || index(word, name) && length(name) > 2)) return 1
            return distance(name, word) <= (length(word) > 3 ? 2 : 1)
        }
        near($1) { printf "%s%s", (n++ ? ", " : ""), $1; if (n == 5) exit }
    ' $list)
    if [ -n "$near" ]; then
        fail "there is no package $1; did you mean: $near?"
    fi
    fail "there is no package $1; pkg list shows what there is"
}

install_one() {
    name=$1
    found=$(row "$name") || unknown "$name"
    version=$(column "$found" 2)
    if [ -f "$state/installed/$name" ]; then
        echo "$name ($version) is installed already"
        return
    fi
    manifest=$folder/manifests/$name
    todo=$state/installed/.$name
    mkdir -p $state/installed $cache
    trap 'rm -f "$todo" "$cache/$name.tar.part"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM

    # What another package brought is there already, and stays as it is.
    printf 'Resolving %s (%s): ' "$name" "$version"
    while IFS=$tab read -r size path; do
        [ -e "/$path" ] || [ -L "/$path" ] || printf '%s\t%s\n' "$size" "$path"
    done <"$manifest" >"$todo"
    all=$(awk 'END { print NR }' "$manifest")
    new=$(awk 'END { print NR }' "$todo")
    bytes=$(awk '{ sum += $1 } END { print sum + 0 }' "$todo")
    plural "$all" file
    [ "$new" -eq "$all" ] || printf ', %s here already' $((all - new))
    echo

    cp "$folder/archives/$name.tar" "$cache/$name.tar.part"
    mv "$cache/$name.tar.part" "$cache/$name.tar"
    echo "Fetched $cache/$name.tar ($(human "$(wc -c <"$cache/$name.tar")"))"

    # Largest first: that is what one wants to know.
    sort -rn "$todo" | head -n 6 | while IFS=$tab read -r size path; do
        [ "$size" = 0 ] || printf '  %10s  /%s\n' "$(human "$size")" "$path"
    done
    [ "$new" -le 6 ] || echo "         ...  and $((new - 6)) more"
    created=$(cut -f 2 "$todo" | sed 's,^,/,' | directories | while read -r path; do
        [ -d "$path" ] || printf '%s/\n' "$path"
    done)
    if [ "$new" -gt 0 ]; then
        # Paths as arguments, split at newlines only: not every tar reads them from a file.
        IFS=$newline
        set -f
        tar -C / -xpf "$cache/$name.tar" $(cut -f 2 "$todo")
        set +f
        IFS=$blanks
    fi
    {
        printf '# %s %s\n' "$name" "$version"
        cut -f 2 "$manifest" | sed 's,^,/,'
        [ -z "$created" ] || printf '%s\n' "$created"
    } >"$todo.record"
    mv "$todo.record" "$state/installed/$name"
    changed=$(cut -f 2 "$todo" | sed 's,^,/,')
    rm -f "$todo"
    trap - EXIT INT TERM
    {
        printf '%s\n' "$changed"
        printf '%s\n' "$changed" | directories
        printf '%s\n' "$cache/$name.tar" "$state/installed/$name"
        own_directories
    } | sed '/^$/d' | same_time
    echo "installed $name ($version): $(plural "$new" file), $(human "$bytes")"
}

install() {
    [ $# -gt 0 ] || misuse "install what?"
    need_list
    # Nothing is installed if one name is wrong.
    for name; do
        row "$name" >/dev/null || unknown "$name"
    done
    for name; do
        install_one "$name"
    done
}

remove_one() {
    name=$1
    record=$state/installed/$name
    [ -f "$record" ] || fail "$name is not installed"
    gone=$({
        for other in $state/installed/*; do
            [ "$other" = "$record" ] || cat "$other"
        done
        echo '#end'
        cat "$record"
    } | awk '/^#end$/ { mine = 1; next } /^#/ { next } !mine { kept[$0] = 1; next } !($0 in kept)')
    paths=$(printf '%s\n' "$gone" | sed '/\/$/d; /^$/d')
    [ -z "$paths" ] || printf '%s\n' "$paths" | tr '\n' '\0' | xargs -0 rm -f
    printf '%s\n' "$gone" | sed -n 's,/$,,p' | sort -r | while read -r path; do
        rmdir "$path" 2>/dev/null || :
    done
    rm -f "$record"
    { printf '%s\n' "$paths" | directories; own_directories; } | while read -r path; do
        [ ! -d "$path" ] || printf '%s\n' "$path"
    done | same_time
    echo "removed $name: $(plural "$(printf '%s\n' "$paths" | awk 'NF { n++ } END { print n + 0 }')" file)"
}

show() {
    awk -F "$tab" -v word="$1" -v state="$(ls $state/installed 2>/dev/null | tr '\n' ' ')" '
        function human(bytes,    i) {
            for (i = 1; (bytes /= 1000) >= 999.95 && i < 3; i++) ;
            return sprintf("%.1f %s", bytes, substr("kBMBGB", 2 * i - 1, 2))
        }
        BEGIN { n = split(state, names, " "); for (i = 1; i <= n; i++) installed[names[i]] = 1 }
        word == "" || index(tolower($1 " " $5), tolower(word)) {
            printf "%s %-12s %-22s %9s  %s\n", ($1 in installed) ? "*" : " ", $1, $2, human($4), $5
            found = 1
        }
        END { exit !found }
    ' $list
}

verb=${1-}
[ $# -eq 0 ] || shift
# Habits from other package managers.
case ${1-} in -y | --yes) shift ;; esac
case $verb in
update) [ $# -eq 0 ] || misuse "update takes no name"; update ;;
list) need_list; show '' ;;
search)
    [ $# -eq 1 ] || misuse "search for which word?"
    need_list
    show "$1" || fail "no package has $1 in its name or description"
    ;;
install | add) install "$@" ;;
remove | erase | del)
    [ $# -gt 0 ] || misuse "remove what?"
    for name; do [ -f "$state/installed/$name" ] || fail "$name is not installed"; done
    for name; do remove_one "$name"; done
    ;;
files)
    [ $# -eq 1 ] || misuse "the files of which package?"
    if [ -f "$state/installed/$1" ]; then
        sed '/^#/d; /\/$/d' "$state/installed/$1"
    else
        need_list
        row "$1" >/dev/null || unknown "$1"
        cut -f 2 "$folder/manifests/$1" | sed 's,^,/,'
    fi
    ;;
owner)
    [ $# -eq 1 ] || misuse "the owner of which path?"
    directory=$(cd "$(dirname "$1")" 2>/dev/null && pwd -P) || fail "there is no $1"
    path=${directory%/}/$(basename "$1")
    owners=$(cd $state/installed 2>/dev/null && grep -lxF -- "$path" ./* 2>/dev/null | sed 's,^\./,,') || :
    [ -n "$owners" ] || fail "no installed package has $path"
    printf '%s\n' "$owners"
    ;;
clean)
    [ $# -eq 0 ] || misuse "clean takes no name"
    freed=$(cat $cache/*.tar $list 2>/dev/null | wc -c)
    rm -f $cache/*.tar $list
    own_directories | while read -r path; do [ ! -d "$path" ] || printf '%s\n' "$path"; done | same_time
    echo "removed cached packages and lists: $(human "$((freed))")"
    ;;
help | -h | --help) usage ;;
'') usage >&2; exit 2 ;;
*) misuse "there is no command $verb" ;;
esac
