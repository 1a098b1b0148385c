#![allow(clippy::unwrap_used)]
use super::*;

/// The verbs that are sure to be there.
fn few(name: &str) -> bool {
    !["start", "exec", "wait", "stop", "kill", "logs", "pull", "push", "explore"].contains(&name)
}

fn full(_: &str) -> bool {
    true
}

#[track_caller]
fn says(line: &str, code: &str) {
    let answer = answer(line, &few).unwrap_or_else(|| panic!("no answer to {line}"));
    assert_eq!(answer.code.join("\n"), code, "{line}");
    is_plywood(code);
}

/// Every option is one, every called name a verb or method.
#[track_caller]
fn is_plywood(code: &str) {
    use super::super::lexer::{Kind, tokens};
    use crate::script::{types, verbs};
    let tokens: Vec<_> = tokens(code).into_iter().filter(|token| token.kind != Kind::Space).collect();
    for pair in tokens.windows(2).filter(|pair| pair[0].kind == Kind::Name) {
        let name = &code[pair[0].range.clone()];
        match &code[pair[1].range.clone()] {
            ":" => assert!(
                verbs::ALL.iter().any(|verb| verb.options.iter().any(|option| option.name == name)),
                "no option `{name}`: {code}"
            ),
            "(" => assert!(
                verbs::find(name).is_some()
                    || types::list_methods::METHODS.iter().any(|(method, ..)| *method == name)
                    || name == "contains",
                "no verb `{name}`: {code}"
            ),
            _ => {}
        }
    }
}

#[track_caller]
fn notes(line: &str, part: &str) {
    let answer = answer(line, &few).unwrap_or_else(|| panic!("no answer to {line}"));
    assert!(answer.notes.join("\n").contains(part), "{line}: {answer:?}");
}

#[test]
fn the_training_task_is_understood() {
    says(
        "docker container run -it sphinxgaia/training-centos:latest",
        r#"let c = run("sphinxgaia/training-centos:latest")"#,
    );
    says("docker container diff $(docker container ls -lq)", "diff(last())");
    says(
        "docker container commit $(docker container ls -lq) sphinxgaia/training-centos:v1",
        r#"let v1 = commit(last(), "sphinxgaia/training-centos:v1")"#,
    );
    says(
        "docker container run -it sphinxgaia/training-centos:v1",
        r#"let c = run("sphinxgaia/training-centos:v1")"#,
    );
    says(
        "dive sphinxgaia/training-centos:latest",
        "layers(\"sphinxgaia/training-centos:latest\")\nwaste(\"sphinxgaia/training-centos:latest\")",
    );
    says("root@host01:~# docker container diff web", r#"diff(container("web"))"#);
    says("[me@host ~]$ docker ps", "containers()");
    says("- `docker container diff $(docker container ls -lq)`{{execute T1}}", "diff(last())");
}

#[test]
fn run_brings_its_flags() {
    says("docker run -it X", r#"let c = run("X")"#);
    says("$ docker run -it --rm debian:12", r##"let c = run("debian:12", #{ rm: true })"##);
    says("sudo docker run -ti debian bash", r##"let c = run("debian", ["bash"], #{ tty: true })"##);
    says("docker run debian echo 'a b' c", r#"let c = run("debian", ["echo", "a b", "c"])"#);
    says(
        "docker run -e A=1 -eB --env=C='x y' -w /src -u 1000:1000 --name web -h box X true",
        r##"let c = run("X", ["true"], #{ env: ["A=1", "B", "C=x y"], workdir: "/src", user: "1000:1000", name: "web", hostname: "box" })"##,
    );
    says(
        "docker run -v /a:/b -v $PWD:/src:ro --network none X ls -la",
        r##"let c = run("X", ["ls", "-la"], #{ volumes: ["/a:/b", `${env("PWD")}:/src:ro`], network: "none" })"##,
    );
    says(
        r#"docker run --entrypoint /bin/sh X -c "echo \$A""#,
        r##"let c = run("X", ["-c", "echo $A"], #{ entrypoint: "/bin/sh" })"##,
    );
    says("docker run --entrypoint '' X ls", r##"let c = run("X", ["ls"], #{ entrypoint: [] })"##);
    says(
        "docker run --mount type=bind,source=$(pwd)/x,target=/x,readonly X",
        r##"let c = run("X", #{ volumes: `${env("PWD")}/x:/x:ro` })"##,
    );
    says("podman run \\\n  --rm \\\n  X", r##"let c = run("X", #{ rm: true })"##);
    says("docker -H tcp://x:1 run X", r#"let c = run("X")"#);
    says("docker run --platform linux/amd64 X", r#"let c = run("X")"#);
}

#[test]
fn what_has_no_counterpart_is_said() {
    notes("docker run -d -p 80:80 nginx", "no background containers");
    notes("docker run -d -p 80:80 nginx", "no ports to publish");
    notes("docker run --privileged X", "Docker's default rights");
    notes("docker run -m 1g X", "no limits yet");
    notes("docker run --frobnicate X", "`--frobnicate` is left out");
    notes("docker compose up", "one container at a time");
    notes("docker network ls", "host's");
    notes("docker volume create x", "volumes:");
    notes("docker stop x", "Ctrl-C");
    notes("docker stats", "Plywood has no `stats`");
    notes("docker frob", "does not know `docker frob`");
    notes("docker image frob", "does not know `docker image frob`");
    notes("docker", ":help");
    notes("docker build -t x .", "no Dockerfile");
    notes("docker login", "registry");
}

#[test]
fn containers_are_named_in_every_way() {
    says("docker diff web", r#"diff(container("web"))"#);
    says("docker diff $(docker ps -lq)", "diff(last())");
    says("docker diff `docker ps -l -q`", "diff(last())");
    says("docker diff $(docker ps -q -n 1)", "diff(last())");
    says("docker diff \"$CID\"", "diff(c)");
    says("docker diff a b", "diff(container(\"a\"))\ndiff(container(\"b\"))");
    says(
        "docker rm -f web db",
        "rm(container(\"web\"), #{ force: true })\nrm(container(\"db\"), #{ force: true })",
    );
    says("docker rm $(docker ps -aq)", "rm(containers())");
    says("docker container inspect web", r#"inspect(container("web"))"#);
    says("docker inspect $(docker ps -lq)", "inspect(last())");
    says("docker start -ai web", r#"let c = run(container("web"))"#);
}

#[test]
fn commit_brings_message_author_and_changes() {
    says(
        r#"docker commit -m "with wget" -a 'Me <me@x>' -c 'CMD ["sh"]' --change "ENV A=1" web training:v1"#,
        r##"let v1 = commit(container("web"), "training:v1", #{ message: "with wget", author: "Me <me@x>", change: ["CMD [\"sh\"]", "ENV A=1"] })"##,
    );
    says(
        "docker commit --pause=false web x",
        r##"let v1 = commit(container("web"), "x", #{ pause: false })"##,
    );
    says("docker commit web", r#"let v1 = commit(container("web"), "")"#);
    notes("docker commit web", "the new image's name");
}

#[test]
fn listings_and_images() {
    says("docker ps", "containers()");
    says("docker ps -a", "containers()");
    says("docker container ls -aq", "containers().map(\"id\")");
    says("docker ps -n 3", "containers().take(3)");
    says("docker ps -l", "last()");
    says("docker images", "images()");
    says("docker image ls -q", "images().map(\"id\")");
    says("docker images debian", r#"image("debian")"#);
    says("docker history --no-trunc debian:12", r#"history("debian:12")"#);
    says("docker inspect debian", r#"inspect("debian")"#);
    notes("docker inspect -f '{{.Config.Cmd}}' debian", "config.Cmd");
    says("docker rmi -f debian", r##"rm("debian", #{ force: true })"##);
    says("docker rmi $(docker images -q)", "rm(images())");
    says("docker tag a b:2", r#"tag("a", "b:2")"#);
    says("docker save -o x.tar debian", r#"save("debian", "docker-archive:x.tar")"#);
    says("docker save debian > x.tar", r#"save("debian", "docker-archive:x.tar")"#);
    says("docker save -o x.tar a b:2", r#"save(["a", "b:2"], "docker-archive:x.tar")"#);
    says("docker save $(docker images -q) -o x.tar", r#"save(images(), "docker-archive:x.tar")"#);
    says(
        "docker save debian | gzip > x.tgz",
        r##"save("debian", "docker-archive:image.tar", #{ compression: "gzip" })"##,
    );
    says("podman save --format oci-archive -o x.tar debian", r#"save("debian", "oci-archive:x.tar")"#);
    says("docker load -i x.tar", r#"load("x.tar")"#);
    says("docker load < x.tar", r#"load("x.tar")"#);
    says("docker import -c 'CMD sh' tree.tar x:1", r##"rootfs("tree.tar", "x:1", #{ change: "CMD sh" })"##);
    says("docker system prune -af", "prune()");
    says("docker info", "doctor()");
    says("docker pull debian", r#"image("debian")"#);
    says("docker push me/x", r#"save("me/x", "oci-archive:image.tar")"#);
}

#[test]
fn later_verbs_are_used_when_they_are_there() {
    let code = |line: &str| answer(line, &full).unwrap().code.join("\n");
    assert_eq!(code("docker pull debian"), r#"pull("debian")"#);
    assert_eq!(code("docker push me/x"), r#"push("me/x", "me/x")"#);
    assert_eq!(code("docker run -d nginx"), r#"let c = start("nginx")"#);
    assert_eq!(code("docker kill -s TERM web"), r#"kill(container("web"), "TERM")"#);
    assert_eq!(code("docker stop $(docker ps -q)"), "for c in containers() { stop(c) }");
    assert!(code("dive x").contains(r#"explore("x")"#));
}

#[test]
fn files_and_more_commands() {
    says("docker cp a.txt web:/tmp/", r#"container("web").copy_in("a.txt", "/tmp/")"#);
    says("docker cp $(docker ps -lq):/etc/passwd .", r#"last().copy_out("/etc/passwd", ".")"#);
    says("docker exec web ls -l", r#"run(container("web"), ["ls", "-l"])"#);
    says("docker exec -it -u 0 web sh", r##"run(container("web"), ["sh"], #{ user: "0", tty: true })"##);
    says("docker logs -f web", "c.stdout");
    notes("docker export web > x.tar", "bare file tree");
}

#[test]
fn pipes_are_methods() {
    says("docker diff web | grep wget", r#"diff(container("web")).filter(|x| x.path.contains("wget"))"#);
    says(
        "docker diff web | grep -v wget | wc -l",
        r#"diff(container("web")).filter(|x| !x.path.contains("wget")).len()"#,
    );
    says("docker ps -a | head -3", "containers().take(3)");
    says("docker history x | less", r#"history("x")"#);
    notes("docker diff web | awk '{print $2}'", "a result is a value here");
}

#[test]
fn several_commands_are_several_lines() {
    says("docker run -it X && docker diff $(docker ps -lq)", "let c = run(\"X\")\ndiff(last())");
    says("docker run -it X\ndocker diff $(docker ps -lq)\n", "let c = run(\"X\")\ndiff(last())");
}

#[test]
fn other_lines_are_none_of_its_business() {
    for line in [
        "",
        "run(\"docker run\")",
        "let docker = 1",
        "dockerd",
        "dock",
        "// docker run",
        "print(`docker`)",
        "#{ docker: 1 }",
    ] {
        assert_eq!(answer(line, &few), None, "{line}");
        assert!(!looks_like(line));
    }
    assert!(looks_like("$ docker ps"));
}

#[test]
fn nothing_breaks_it() {
    for line in [
        "docker run",
        "docker run -e",
        "docker run --mount",
        "docker run --mount=",
        "docker diff",
        "docker cp a",
        "docker cp :",
        "docker cp a:b c:d",
        "docker commit",
        "docker tag",
        "docker save",
        "docker load",
        "docker import",
        "docker $(",
        "docker ${",
        "docker run -",
        "docker run --",
        "docker run -- X",
        "docker 'x",
        "docker run \"",
        "dive",
        "docker rm",
        "docker exec",
        "docker container",
        "docker image",
        "docker exec x",
        "docker run -it -v $(docker ps):/x é",
        "docker |",
        "docker ps | ",
    ] {
        let _ = answer(line, &few);
        let _ = answer(line, &full);
    }
}
