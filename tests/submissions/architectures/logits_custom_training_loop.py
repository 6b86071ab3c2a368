# The network ends with logits, without softmax, and is trained by a hand-written loop with a GradientTape,
# without compile and fit; there is no `results`, the losses are in a list. The largest logit is the digit,
# and it is mostly right.
#
# /// label
# ///

# %% cnn
model = keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10),  # logits; the softmax is inside of the loss
])

# %% train
# Since we write gradient loops by hand below anyway, here is the training in the same manner.
cross_entropy = keras.losses.CategoricalCrossentropy(from_logits=True)
optimizer = keras.optimizers.Adam(1e-3)
optimizer.build(model.trainable_variables)


@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = cross_entropy(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


def accuracy(x, y):
    logits = model.predict(x, verbose=0, batch_size=256)
    return np.mean(logits.argmax(axis=1) == y.argmax(axis=1))


rng = np.random.default_rng(7)
batch_size = 32
steps = len(x_train) // batch_size
losses = []

for epoch in range(4):
    order = rng.permutation(len(x_train))
    running = 0.0
    for k in range(steps):
        chosen = order[k * batch_size : (k + 1) * batch_size]
        x_batch = tf.constant(x_train[chosen])
        y_batch = tf.constant(y_train[chosen], dtype=tf.float32)
        running += float(train_step(x_batch, y_batch))
    losses.append(running / steps)
    print(f"epoch {epoch + 1}: loss {losses[-1]:.4f}, test accuracy {accuracy(x_test, y_test):.4f}")

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

maps_model = keras.Model(model.inputs, model.get_layer(layer_name).output)


@tf.function
def image_step(image, i):
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_mean(maps_model(image)[..., i])
    return image + step_size * normalize(tape.gradient(loss, image))


visualized_feature = []
for i in range(number_of_filters):
    image = tf.constant(rng.uniform(size=(1, 28, 28, 1)), dtype=tf.float32)
    i_tensor = tf.constant(i)
    for _ in range(gradient_updates):
        image = image_step(image, i_tensor)
    visualized_feature.append(image.numpy())

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(11, 12))
for i in range(64):
    ax = axes[i // 8][i % 8]
    ax.set_title(f"feature {i}", fontsize=9)
    ax.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    ax.axis("off")
plt.tight_layout()
plt.show()
