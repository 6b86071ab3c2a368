# Convolution, batch normalisation, ReLU as separate layers, in a functional model. The layer looked into is
# the convolution itself, so its maps are linear. Everything right.
#
# /// label
# ///

# %% cnn
def conv_bn_relu(x, filters, name):
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(x)


inp = keras.Input((28, 28, 1))
x = conv_bn_relu(inp, 8, "conv2d")
x = layers.MaxPool2D()(x)
x = conv_bn_relu(x, 16, "conv2d_1")
x = conv_bn_relu(x, 32, "conv2d_2")
x = layers.MaxPool2D()(x)
x = conv_bn_relu(x, 64, "conv2d_3")
x = layers.Flatten()(x)
out = layers.Dense(10, activation="softmax")(x)

model = keras.Model(inputs=inp, outputs=out, name="bn_net")
model.summary()

# %% train
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=64, epochs=4, validation_data=(x_test, y_test), verbose=2)

for key in ("loss", "val_loss"):
    plt.plot(results.history[key], label=key)
plt.legend()
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = model.get_layer(layer_name).filters
visualized_feature = []

# BN has to use its moving averages here: training=False
feature_model = keras.Model(inp, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform([1, 28, 28, 1]), trainable=True)
    for update in range(gradient_updates):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(input_img)
            act = feature_model(input_img, training=False)
            loss = tf.math.reduce_mean(act[0, ..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(grads * step_size)
    visualized_feature.append(np.squeeze(input_img.numpy()))

# %% plot
figure, axs = plt.subplots(8, 8, figsize=(12, 12))
for i, ax in enumerate(axs.flatten()):
    ax.imshow(deprocess_image(visualized_feature[i].copy()), cmap="gray", vmin=0, vmax=255)
    ax.set_title("feature %d" % i, fontsize=8)
    ax.set_xticks([]); ax.set_yticks([])
figure.subplots_adjust(hspace=0.4)
plt.show()
