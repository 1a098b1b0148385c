//! What `pkg` can install, where the host has it.

/// One package: a name, the programs that make it up, and the data that they need.
pub(super) struct Package {
    pub name: &'static str,
    pub description: &'static str,
    /// Programs, separated by spaces. The first must exist; the others come along.
    pub programs: &'static str,
    /// Files and directories that come along; one `*` in each component.
    pub data: &'static [&'static str],
    /// Names left out wherever they occur below `data`.
    pub without: &'static [&'static str],
}

const fn plain(name: &'static str, description: &'static str) -> Package {
    Package { name, description, programs: name, data: &[], without: &[] }
}

const fn programs(name: &'static str, programs: &'static str, description: &'static str) -> Package {
    Package { name, description, programs, data: &[], without: &[] }
}

const fn with_data(
    name: &'static str,
    programs: &'static str,
    data: &'static [&'static str],
    description: &'static str,
) -> Package {
    Package { name, description, programs, data, without: &[] }
}

/// Larger packages are left out: the folder is copied once for every store.
pub(super) const PACKAGE_LIMIT: u64 = 64_000_000;

/// In the order of the list.
pub(super) const CATALOGUE: &[Package] = &[
    plain("bc", "calculator with its own language"),
    programs("binutils", "readelf nm objdump strings size", "looks into object files"),
    plain("busybox", "many small programs in one"),
    programs("bzip2", "bzip2 bunzip2 bzcat", "compression"),
    plain("curl", "transfers data with URLs"),
    programs("dig", "dig host nslookup", "asks name servers"),
    with_data(
        "file",
        "file",
        &["/usr/share/misc/magic*", "/usr/lib/file/magic*", "/etc/magic", "/usr/share/file/misc/magic*"],
        "says what a file is",
    ),
    plain("fish", "a friendly shell"),
    Package {
        name: "git",
        description: "version control",
        programs: "git",
        // Built-in commands are in the program itself; these are what it calls.
        data: &[
            "/usr/lib/git-core/git-remote-http*",
            "/usr/lib/git-core/git-sh-setup",
            "/usr/lib/git-core/git-submodule",
            "/usr/libexec/git-core/git-remote-http*",
            "/usr/libexec/git-core/git-sh-setup",
            "/usr/libexec/git-core/git-submodule",
        ],
        without: &[],
    },
    plain("htop", "shows processes"),
    programs("iproute2", "ip ss", "network interfaces, routes, sockets"),
    programs("iputils", "ping tracepath", "asks whether a host answers"),
    plain("jq", "queries JSON"),
    plain("less", "pager"),
    plain("lsof", "lists open files"),
    plain("make", "builds what is out of date"),
    with_data("nano", "nano", &["/etc/nanorc"], "small editor"),
    programs("netcat", "nc", "reads and writes network connections"),
    programs("openssl", "openssl", "cryptography on the command line"),
    Package {
        name: "perl",
        description: "programming language, with its base modules",
        programs: "perl",
        data: &["/usr/lib/*-linux-gnu/perl-base", "/usr/share/perl5/core_perl", "/usr/lib/perl5/core_perl"],
        without: &["CORE", "pod"],
    },
    programs("psmisc", "pstree fuser killall", "process tree, users of files"),
    Package {
        name: "python3",
        description: "programming language, with its standard library",
        programs: "python3",
        data: &["/usr/lib/python3.*", "/usr/lib64/python3.*"],
        without: &[
            "__pycache__",
            "test",
            "tests",
            "idlelib",
            "tkinter",
            "turtledemo",
            "lib2to3",
            "ensurepip",
            "dist-packages",
            "site-packages",
            "pydoc_data",
            "config-3.*",
            "LICENSE.txt",
            "sitecustomize.py",
        ],
    },
    plain("rsync", "copies what differs"),
    plain("socat", "joins two byte streams"),
    plain("sqlite3", "database in a file"),
    plain("strace", "traces system calls"),
    programs("tcpdump", "tcpdump", "captures network packets"),
    programs("tmux", "tmux", "several terminals in one"),
    plain("tree", "directories as a tree"),
    plain("unzip", "unpacks zip archives"),
    with_data(
        "vim",
        "vim.basic vim vim.tiny xxd",
        &[
            "/etc/vim/vimrc",
            "/etc/vimrc",
            "/usr/share/vim/vim*/defaults.vim",
            "/usr/share/vim/vim*/filetype.vim",
            "/usr/share/vim/vim*/indent.vim",
            "/usr/share/vim/vim*/ftplugin.vim",
            "/usr/share/vim/vim*/syntax/syntax.vim",
            "/usr/share/vim/vim*/syntax/synload.vim",
            "/usr/share/vim/vim*/syntax/syncolor.vim",
            "/usr/share/vim/vim*/syntax/sh.vim",
            "/usr/share/vim/vim*/syntax/c.vim",
            "/usr/share/vim/vim*/syntax/conf.vim",
            "/usr/share/vim/vim*/syntax/rust.vim",
            "/usr/share/vim/vim*/syntax/python.vim",
            "/usr/share/vim/vim*/syntax/json.vim",
            "/usr/share/vim/vim*/syntax/yaml.vim",
            "/usr/share/vim/vim*/colors/default.vim",
            "/usr/share/vim/vim*/plugin/matchparen.vim",
            "/usr/share/vim/vim*/autoload/dist/ft.vim",
            "/usr/share/vim/vim*/scripts.vim",
        ],
        "editor",
    ),
    with_data("wget", "wget", &["/etc/wgetrc"], "retrieves files from the web"),
    programs("xz", "xz unxz xzcat lzma", "compression"),
    plain("zip", "packs zip archives"),
    plain("zsh", "shell"),
    programs("zstd", "zstd unzstd zstdcat", "compression"),
];
