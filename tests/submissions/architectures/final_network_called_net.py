# There is no `model`: a small perceptron and a small CNN are compared first, and the network that is
# trained and looked into is called `net`. It is an instance of a class that wires a functional network in
# its constructor, so get_layer works.
#
# /// label
# ///

# %% cnn
perceptron = keras.Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, "softmax")])

small_cnn = keras.Sequential([
    layers.Input((28, 28, 1)),
    layers.Conv2D(6, 5, strides=3, activation="relu", name="small_conv"),
    layers.Flatten(),
    layers.Dense(10, "softmax"),
])


class Net(keras.Model):
    def __init__(self, widths=(8, 16, 24, 64), pool_after=(0, 2)):
        image = keras.Input(shape=(28, 28, 1))
        h = image
        for k, width in enumerate(widths):
            name = f"conv2d_{k}" if k > 0 else "conv2d"
            h = layers.Conv2D(width, 3, padding="same", activation="relu", name=name)(h)
            if k in pool_after:
                h = layers.MaxPooling2D()(h)
        h = layers.Flatten()(h)
        h = layers.Dropout(0.25)(h)
        probabilities = layers.Dense(10, activation="softmax")(h)
        super().__init__(inputs=image, outputs=probabilities)


net = Net()
net.summary()

# %% train
settings = dict(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])

# how good are simple things?
for name, candidate in {"perceptron": perceptron, "small CNN": small_cnn}.items():
    candidate.compile(**settings)
    candidate.fit(x_train, y_train, epochs=1, verbose=0)
    print(f"{name:12s} after 1 epoch: {candidate.evaluate(x_test, y_test, verbose=0)[1]:.3f}")

net.compile(**settings)
results = net.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)
print(f"net                     : {net.evaluate(x_test, y_test, verbose=0)[1]:.3f}")

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

feature_extractor = keras.Model(inputs=net.inputs, outputs=net.get_layer(layer_name).output)
index = tf.range(number_of_filters)


@tf.function
def gradients_for(images):
    with tf.GradientTape() as tape:
        tape.watch(images)
        means = tf.reduce_mean(feature_extractor(images), axis=[1, 2])
        loss = tf.gather(means, index, axis=1, batch_dims=1)
    return loss, tape.gradient(loss, images)


images = tf.random.uniform([number_of_filters, 28, 28, 1])
for update in range(gradient_updates):
    loss, grads = gradients_for(images)
    grads = tf.concat([normalize(g)[tf.newaxis] for g in grads], axis=0)
    images = images + step_size * grads

print("mean activations:", loss.numpy().round(2))
for image in images.numpy():
    visualized_feature.append(image)

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 12))
numbered = enumerate(zip(axes.flatten(), visualized_feature))
for i, (ax, image) in numbered:
    ax.imshow(deprocess_image(np.copy(image))[:, :, 0], cmap="gray")
    ax.set_title(f"feature {i}", fontsize=8)
    ax.axis("off")
plt.show()
