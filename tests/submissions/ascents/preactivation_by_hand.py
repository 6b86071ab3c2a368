# Wants no dead filters, so she computes what goes into the ReLU of conv2d_3 by hand: tf.nn.conv2d with the
# kernel and bias of the layer, applied to the output of the layer below. Maximising that raises the
# activation as well.
#
# /// label
# ///

# %% cnn
model = keras.Sequential([
    layers.Input((28, 28, 1)),
    layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

last_layer = model.get_layer(layer_name)
layers_below = keras.Model(model.inputs, model.get_layer("conv2d_2").output)


def pre_activation(image):
    # the convolution of the last layer, but without the relu at its end
    h = layers_below(image)
    return tf.nn.conv2d(h, last_layer.kernel, strides=1, padding="SAME") + last_layer.bias


# is it the same as the layer, apart from the relu?
trial = x_test[:1]
difference = tf.nn.relu(pre_activation(trial)) - keras.Model(model.inputs, last_layer.output)(trial)
print("largest difference:", float(tf.reduce_max(tf.abs(difference))))

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(pre_activation(input_img)[0, :, :, filter_index])
        grads = tape.gradient(loss, input_img)
        input_img.assign_add(step_size * normalize(grads))
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 6.5))

for i in range(number_of_filters):
    ax = plt.subplot(4, 8, i + 1)
    ax.imshow(deprocess_image(visualized_feature[i].copy()).squeeze(), cmap="gray")
    ax.set_title(f"feature {i}")
    ax.axis("off")

plt.tight_layout()
plt.show()
