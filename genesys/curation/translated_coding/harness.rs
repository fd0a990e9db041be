// Reads the arguments of a call as one JSON array on one line, and writes what the function returned as JSON, as the last line.
mod genesys_harness {
    use std::collections::HashMap;
    use std::hash::BuildHasher;

    pub struct Reader<'a> {
        text: &'a [u8],
        at: usize,
        first: bool,
    }

    fn fail() -> ! {
        eprintln!("harness: the arguments do not fit the signature");
        std::process::exit(70)
    }

    impl<'a> Reader<'a> {
        pub fn new(line: &'a str) -> Self {
            let mut reader = Reader { text: line.as_bytes(), at: 0, first: true };
            reader.need(b'[');
            reader
        }
        pub fn argument<T: Form>(&mut self) -> T {
            if !self.first {
                self.need(b',');
            }
            let value = T::read(self);
            self.first = false;
            value
        }
        fn peek(&mut self) -> u8 {
            while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
                self.at += 1;
            }
            *self.text.get(self.at).unwrap_or(&0)
        }
        fn take(&mut self, wanted: u8) -> bool {
            let found = self.peek() == wanted;
            self.at += found as usize;
            found
        }
        fn need(&mut self, wanted: u8) {
            if !self.take(wanted) {
                fail()
            }
        }
        fn word(&mut self, wanted: &str) -> bool {
            self.peek();
            let found = self.text[self.at.min(self.text.len())..].starts_with(wanted.as_bytes());
            self.at += if found { wanted.len() } else { 0 };
            found
        }
        fn number(&mut self) -> &'a str {
            self.peek();
            let from = self.at;
            while matches!(self.text.get(self.at), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
                self.at += 1;
            }
            std::str::from_utf8(&self.text[from..self.at]).unwrap_or("")
        }
        fn hex(&mut self) -> u32 {
            let digits = self.text.get(self.at..self.at + 4).and_then(|found| std::str::from_utf8(found).ok());
            self.at += 4;
            digits.and_then(|found| u32::from_str_radix(found, 16).ok()).unwrap_or_else(|| fail())
        }
    }

    pub trait Form: Sized {
        fn read(from: &mut Reader) -> Self;
        fn write(&self, out: &mut String);
    }

    impl Form for bool {
        fn read(from: &mut Reader) -> Self {
            from.word("true") || (!from.word("false") && fail())
        }
        fn write(&self, out: &mut String) {
            out.push_str(if *self { "true" } else { "false" })
        }
    }

    impl Form for i64 {
        fn read(from: &mut Reader) -> Self {
            from.number().parse().unwrap_or_else(|_| fail())
        }
        fn write(&self, out: &mut String) {
            out.push_str(&self.to_string())
        }
    }

    impl Form for f64 {
        fn read(from: &mut Reader) -> Self {
            if from.word("NaN") {
                return f64::NAN;
            }
            if from.word("Infinity") {
                return f64::INFINITY;
            }
            if from.word("-Infinity") {
                return f64::NEG_INFINITY;
            }
            from.number().parse().unwrap_or_else(|_| fail())
        }
        fn write(&self, out: &mut String) {
            if self.is_nan() {
                out.push_str("NaN")
            } else if self.is_infinite() {
                out.push_str(if *self < 0.0 { "-Infinity" } else { "Infinity" })
            } else {
                out.push_str(&format!("{:?}", self))
            }
        }
    }

    impl Form for String {
        fn read(from: &mut Reader) -> Self {
            let mut value: Vec<u8> = Vec::new();
            from.need(b'"');
            loop {
                let byte = *from.text.get(from.at).unwrap_or_else(|| fail());
                from.at += 1;
                if byte == b'"' {
                    return String::from_utf8(value).unwrap_or_else(|_| fail());
                }
                if byte != b'\\' {
                    value.push(byte);
                    continue;
                }
                let escaped = *from.text.get(from.at).unwrap_or_else(|| fail());
                from.at += 1;
                match escaped {
                    b'b' => value.push(8),
                    b'f' => value.push(12),
                    b'n' => value.push(b'\n'),
                    b'r' => value.push(b'\r'),
                    b't' => value.push(b'\t'),
                    b'u' => {
                        let mut code = from.hex();
                        if (0xD800..0xDC00).contains(&code) && from.text[from.at..].starts_with(b"\\u") {
                            from.at += 2;
                            code = 0x10000 + ((code - 0xD800) << 10) + from.hex().wrapping_sub(0xDC00);
                        }
                        let letter = char::from_u32(code).unwrap_or_else(|| fail());
                        value.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    other => value.push(other),
                }
            }
        }
        fn write(&self, out: &mut String) {
            out.push('"');
            for letter in self.chars() {
                match letter {
                    '"' | '\\' => {
                        out.push('\\');
                        out.push(letter)
                    }
                    '\0'..='\x1f' => out.push_str(&format!("\\u{:04x}", letter as u32)),
                    _ => out.push(letter),
                }
            }
            out.push('"')
        }
    }

    impl<T: Form> Form for Vec<T> {
        fn read(from: &mut Reader) -> Self {
            let mut value = Vec::new();
            from.need(b'[');
            if from.take(b']') {
                return value;
            }
            loop {
                value.push(T::read(from));
                if !from.take(b',') {
                    from.need(b']');
                    return value;
                }
            }
        }
        fn write(&self, out: &mut String) {
            out.push('[');
            for (place, each) in self.iter().enumerate() {
                if place > 0 {
                    out.push(',')
                }
                each.write(out)
            }
            out.push(']')
        }
    }

    impl<T: Form, S: BuildHasher + Default> Form for HashMap<String, T, S> {
        fn read(from: &mut Reader) -> Self {
            let mut value = HashMap::default();
            from.need(b'{');
            if from.take(b'}') {
                return value;
            }
            loop {
                let key = String::read(from);
                from.need(b':');
                value.insert(key, T::read(from));
                if !from.take(b',') {
                    from.need(b'}');
                    return value;
                }
            }
        }
        fn write(&self, out: &mut String) {
            out.push('{');
            for (place, (key, each)) in self.iter().enumerate() {
                if place > 0 {
                    out.push(',')
                }
                key.write(out);
                out.push(':');
                each.write(out)
            }
            out.push('}')
        }
    }

    impl<T: Form> Form for Option<T> {
        fn read(from: &mut Reader) -> Self {
            if from.word("null") {
                None
            } else {
                Some(T::read(from))
            }
        }
        fn write(&self, out: &mut String) {
            match self {
                Some(value) => value.write(out),
                None => out.push_str("null"),
            }
        }
    }

    macro_rules! places {
        ($($name:ident $at:tt),+) => {
            impl<$($name: Form),+> Form for ($($name,)+) {
                fn read(from: &mut Reader) -> Self {
                    let outer = std::mem::replace(&mut from.first, true);
                    from.need(b'[');
                    let value = ($(from.argument::<$name>(),)+);
                    from.need(b']');
                    from.first = outer;
                    value
                }
                fn write(&self, out: &mut String) {
                    $(
                        out.push(if $at == 0 { '[' } else { ',' });
                        self.$at.write(out);
                    )+
                    out.push(']')
                }
            }
        };
    }
    places!(A 0, B 1);
    places!(A 0, B 1, C 2);
    places!(A 0, B 1, C 2, D 3);
    places!(A 0, B 1, C 2, D 3, E 4);
    places!(A 0, B 1, C 2, D 3, E 4, F 5);
    places!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    places!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
}

mod genesys_solution {
{{solution}}

    pub fn genesys_call(genesys_line: &str, genesys_out: &mut ::std::string::String) {
        let mut genesys_reader = crate::genesys_harness::Reader::new(genesys_line);
        let genesys_value: {{returns}} = {{name}}({{arguments}});
        crate::genesys_harness::Form::write(&genesys_value, genesys_out)
    }
}

fn main() {
    use std::io::Write;
    let (mut line, mut text) = (String::new(), String::from("\n"));
    std::io::stdin().read_line(&mut line).unwrap();
    genesys_solution::genesys_call(&line, &mut text);
    text.push('\n');
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).unwrap();
    out.flush().unwrap();
}
