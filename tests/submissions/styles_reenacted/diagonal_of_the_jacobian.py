# Sixteen images climb together. The tape's batch_jacobian gives the gradients of all means with respect to all images,
# and the diagonal of it is used: image i and filter i. Wasteful, but right. Which of them is used cannot be seen.
#
# /// label
# ascent = ["pass", "review"]
# objective = ["pass", "review"]
# updates = ["pass", "review"]
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, 3, strides=2, activation="relu", padding="same", name="conv2d"))
model.add(layers.Conv2D(12, 3, activation="relu", padding="same", name="conv2d_1"))
model.add(layers.Conv2D(12, 3, activation="relu", padding="same", name="conv2d_2"))
model.add(layers.Conv2D(16, 3, activation="elu", padding="same", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(keras.optimizers.Adam(3e-3), "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=6, verbose=2)

# %% ascent
layer_name = "conv2d_3"
N = 16
G = keras.Model(model.inputs, model.get_layer(layer_name).output)

X = tf.Variable(np.random.uniform(0, 1, (N, 28, 28, 1)).astype("float32"))
diagonal = [(i, i) for i in range(N)]

for _ in range(gradient_updates):
    with tf.GradientTape() as tape:
        A = tf.reduce_mean(G(X), axis=(1, 2))  # (images, filters)
    J = tape.batch_jacobian(A, X)  # (images, filters, 28, 28, 1)
    own = tf.gather_nd(J, diagonal)
    own /= tf.sqrt(tf.reduce_mean(own**2, axis=(1, 2, 3), keepdims=True)) + 1e-7
    X.assign_add(step_size * own)

visualized_feature = [X[i : i + 1].numpy() for i in range(N)]

# %% plot
figure = plt.figure(figsize=(8, 8))
for i in range(N):
    a = figure.add_subplot(4, 4, i + 1, title=f"feature {i}", xticks=[], yticks=[])
    a.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
plt.show()
