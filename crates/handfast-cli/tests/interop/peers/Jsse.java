// Java's own TLS (JSSE) as a peer, for as many rows as come.
//
// Each line of the standard input is a row to serve or to connect for: a verb, then `name=value` words, tabs between. To each
// there is one answer: `port N`, `ok`, `lacks WHY` or `failed WHY`. Between answers, `said TEXT` tells what a server saw.
// Groups are a property of the whole process: it is started anew for other ones.

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

public final class Jsse {
    private static final int PATIENCE = 10_000;
    private static final char[] PASSWORD = "interop".toCharArray();
    private static final String GET = "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n";

    /** Java does not have it. */
    private static final class Lacks extends Exception {
        private static final long serialVersionUID = 1;

        Lacks(String why) {
            super(why);
        }
    }

    public static void main(String[] args) throws IOException {
        // All that a policy of Java's switches off is on again: SSL 3.0, RC4, 3DES, SHA-1 and MD5 in certificates.
        for (String disabled : List.of("jdk.tls.disabledAlgorithms", "jdk.certpath.disabledAlgorithms", "jdk.tls.legacyAlgorithms")) {
            Security.setProperty(disabled, "");
        }
        SSLServerSocket serving = null;
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split("\t");
            Map<String, String> row = new HashMap<>();
            for (String word : Arrays.asList(words).subList(1, words.length)) {
                String[] pair = word.split("=", 2);
                row.put(pair[0], pair[1]);
            }
            try {
                if (words[0].equals("serve")) {
                    if (serving != null) {
                        serving.close();
                    }
                    serving = serve(row);
                    say("port " + serving.getLocalPort());
                } else {
                    connect(row);
                    say("ok");
                }
            } catch (Lacks e) {
                say("lacks " + e.getMessage());
            } catch (Exception e) {
                say("failed " + e);
            }
        }
        // What it has started to serve would keep it.
        System.exit(0);
    }

    private static synchronized void say(String line) {
        System.out.println(line.replace('\n', ' '));
        System.out.flush();
    }

    // What both sides have.

    /** Everything that the row says of what to trust, to show, and to remember. */
    private static SSLContext context(Map<String, String> row, String cert, String key) throws Exception {
        // Read when a context is made.
        String tickets = String.valueOf(!row.get("feature").equals("ResumedById"));
        System.setProperty("jdk.tls.client.enableSessionTicketExtension", tickets);
        System.setProperty("jdk.tls.server.enableSessionTicketExtension", tickets);
        KeyManagerFactory shown = KeyManagerFactory.getInstance("NewSunX509");
        KeyStore mine = KeyStore.getInstance("PKCS12");
        mine.load(null, null);
        String besides = cert == null || cert.equals(row.get("client_cert")) ? "other_client" : "besides";
        boolean several = besides.equals("besides") || row.get("feature").equals("ByIssuer");
        if (several && row.containsKey(besides + "_cert")) {
            String other = row.get(besides + (besides.equals("besides") ? "_private" : "_key"));
            mine.setKeyEntry("a first", privateKey(other), PASSWORD, certificates(row.get(besides + "_cert")));
        }
        if (cert != null) {
            mine.setKeyEntry("mine", privateKey(key), PASSWORD, certificates(cert));
        }
        shown.init(mine, PASSWORD);
        KeyStore authorities = KeyStore.getInstance("PKCS12");
        authorities.load(null, null);
        authorities.setCertificateEntry("authority", certificates(row.get("ca"))[0]);
        TrustManagerFactory trusted = TrustManagerFactory.getInstance("PKIX");
        trusted.init(authorities);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(shown.getKeyManagers(), trusted.getTrustManagers(), null);
        return context;
    }

    private static Certificate[] certificates(String path) throws Exception {
        try (InputStream file = Files.newInputStream(Path.of(path))) {
            return CertificateFactory.getInstance("X.509").generateCertificates(file).toArray(new Certificate[0]);
        }
    }

    /** A key in PKCS#8: what it is for is in it, but Java wants to be told. */
    private static PrivateKey privateKey(String path) throws Exception {
        String text = Files.readString(Path.of(path)).replaceAll("-----[A-Z ]+-----", "");
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(text));
        for (String algorithm : List.of("RSA", "EC", "EdDSA", "RSASSA-PSS")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException e) {
                // It is for another.
            }
        }
        throw new Lacks("no such private keys");
    }

    /** The version and the suite of the row, and nothing else. */
    private static void agree(SSLParameters parameters, Map<String, String> row, SSLContext context) throws Lacks {
        String version = row.get("version");
        parameters.setProtocols(new String[] {version.startsWith("ssl3") ? "SSLv3"
            : version.equals("tls1.0") ? "TLSv1" : version.replace("tls", "TLSv")});
        List<String> known = Arrays.asList(context.getSupportedSSLParameters().getCipherSuites());
        String[] suites = row.get("suites").split(",");
        for (int i = 0; i < suites.length; i++) {
            // The oldest have SSL in their names.
            String old = suites[i].replace("TLS_", "SSL_");
            if (!known.contains(suites[i]) && !known.contains(old)) {
                throw new Lacks("no such suite");
            }
            suites[i] = known.contains(suites[i]) ? suites[i] : old;
        }
        parameters.setCipherSuites(suites);
    }

    /** Starts a second handshake, and reads until it is over: the data that came in it. */
    private static byte[] renegotiate(SSLSocket socket) throws IOException {
        AtomicBoolean done = new AtomicBoolean();
        socket.addHandshakeCompletedListener(event -> done.set(true));
        // Or the session would be resumed.
        socket.getSession().invalidate();
        socket.startHandshake();
        ByteArrayOutputStream came = new ByteArrayOutputStream();
        long until = System.nanoTime() + PATIENCE * 1_000_000L;
        socket.setSoTimeout(20);
        while (!done.get()) {
            if (System.nanoTime() > until) {
                throw new IOException("the second handshake did not end");
            }
            try {
                int data = socket.getInputStream().read();
                if (data < 0) {
                    throw new IOException("closed in the second handshake");
                }
                came.write(data);
            } catch (SocketTimeoutException e) {
                // Nothing but messages of the handshake came.
            }
        }
        socket.setSoTimeout(PATIENCE);
        return came.toByteArray();
    }

    // As a server.

    private static SSLServerSocket serve(Map<String, String> row) throws Exception {
        String feature = row.get("feature");
        boolean staples = feature.equals("Stapled");
        if (staples) {
            String responder = "http://127.0.0.1:" + responder(row.get("ocsp"));
            System.setProperty("jdk.tls.stapling.responderURI", responder);
            System.setProperty("jdk.tls.stapling.responderOverride", "true");
        } else {
            System.clearProperty("jdk.tls.stapling.responderURI");
        }
        SSLContext context = context(row, row.get(staples ? "chain" : "cert"), row.get("private"));
        SSLServerSocket listener = (SSLServerSocket)
            context.getServerSocketFactory().createServerSocket(0, 8, InetAddress.getLoopbackAddress());
        SSLParameters parameters = listener.getSSLParameters();
        agree(parameters, row, context);
        if (feature.equals("Alpn")) {
            parameters.setApplicationProtocols(new String[] {"http/1.1"});
        }
        parameters.setNeedClientAuth(feature.equals("ClientCertificate") || feature.equals("ByIssuer"));
        listener.setSSLParameters(parameters);
        Thread thread = new Thread(() -> {
            while (!listener.isClosed()) {
                try (SSLSocket socket = (SSLSocket) listener.accept()) {
                    converse(socket, feature);
                } catch (SocketException e) {
                    // The row is over, or the client has gone.
                } catch (Exception e) {
                    say("said " + e);
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
        return listener;
    }

    /** One connection: all that comes is sent back, after what the row is about. */
    private static void converse(SSLSocket socket, String feature) throws Exception {
        socket.setSoTimeout(PATIENCE);
        socket.startHandshake();
        if (feature.equals("ByAuthority")) {
            say("said shown: " + ((X509Certificate) socket.getSession().getLocalCertificates()[0]).getIssuerX500Principal());
        }
        InputStream in = socket.getInputStream();
        OutputStream out = socket.getOutputStream();
        byte[] data = new byte[4096];
        boolean first = true;
        for (int n = in.read(data); n >= 0; n = in.read(data)) {
            if (first && feature.equals("KeyUpdate")) {
                socket.startHandshake();
            }
            byte[] more = new byte[0];
            if (first && (feature.equals("Renegotiated") || feature.equals("CertificateLater"))) {
                socket.setNeedClientAuth(feature.equals("CertificateLater"));
                more = renegotiate(socket);
            }
            first = false;
            out.write(data, 0, n);
            out.write(more);
            out.flush();
        }
    }

    /** A server that has one OCSP response for whoever asks; where it listens. */
    private static int responder(String path) throws IOException {
        byte[] response = Files.readAllBytes(Path.of(path));
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().set("Content-Type", "application/ocsp-response");
            exchange.sendResponseHeaders(200, response.length);
            exchange.getResponseBody().write(response);
            exchange.close();
        });
        server.start();
        return server.getAddress().getPort();
    }

    // As a client.

    private static void connect(Map<String, String> row) throws Exception {
        String feature = row.get("feature");
        boolean shows = feature.equals("ClientCertificate") || feature.equals("ByIssuer") || feature.equals("CertificateLater");
        SSLContext context = context(row, shows ? row.get("client_cert") : null, row.get("client_key"));
        for (int left = feature.startsWith("Resumed") ? 2 : 1; left > 0; left--) {
            fetch(context, row);
        }
    }

    private static void fetch(SSLContext context, Map<String, String> row) throws Exception {
        String feature = row.get("feature");
        int port = Integer.parseInt(row.get("port"));
        Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, row.get("name"), port, true)) {
            socket.setSoTimeout(PATIENCE);
            SSLParameters parameters = socket.getSSLParameters();
            agree(parameters, row, context);
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            if (feature.equals("Alpn")) {
                parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
            }
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            if (feature.equals("Stapled") && ((ExtendedSSLSession) socket.getSession()).getStatusResponses().isEmpty()) {
                throw new IOException("it saw no OCSP response");
            }
            if (feature.equals("KeyUpdate")) {
                socket.startHandshake();
            }
            // Where it is for a certificate, it is the server that starts it.
            if (feature.equals("Renegotiated")) {
                renegotiate(socket);
            }
            socket.getOutputStream().write(GET.getBytes(StandardCharsets.US_ASCII));
            StringBuilder page = new StringBuilder();
            byte[] data = new byte[4096];
            while (page.indexOf("HTTP/1.") < 0) {
                int n = socket.getInputStream().read(data);
                if (n < 0) {
                    throw new IOException("no page came: " + page);
                }
                page.append(new String(data, 0, n, StandardCharsets.US_ASCII));
            }
        }
    }
}
