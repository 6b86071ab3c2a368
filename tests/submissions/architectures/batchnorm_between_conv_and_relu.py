# Convolution without bias, batch normalisation, then ReLU, and global average pooling at the end. What is
# visualised is the output of the convolution itself, before the normalisation. Correct.
#
# /// label
# ///

# %% cnn
def conv_bn_relu(t, n, name):
    t = layers.Conv2D(n, 3, padding='same', use_bias=False, name=name)(t)
    t = layers.BatchNormalization(momentum=0.95)(t)
    return layers.Activation('relu')(t)

i0 = layers.Input(shape=(28, 28, 1))
t = conv_bn_relu(i0, 8, 'conv2d')
t = layers.MaxPooling2D(2)(t)
t = conv_bn_relu(t, 16, 'conv2d_1')
t = conv_bn_relu(t, 24, 'conv2d_2')
t = layers.MaxPooling2D(2)(t)
t = conv_bn_relu(t, 64, 'conv2d_3')
t = layers.GlobalAveragePooling2D()(t)
t = layers.Dense(10, activation='softmax')(t)
model = keras.models.Model(i0, t)

# %% train
# GAP learns slower than Flatten, so a bit more learning rate and 5 epochs
opt = keras.optimizers.Adam(learning_rate=2e-3)
model.compile(opt, loss='categorical_crossentropy', metrics=['accuracy'])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2, validation_data=(x_test, y_test))

h = results.history
plt.semilogy(h['loss'], 'k.-', h['val_loss'], 'r.-')
plt.legend(['train', 'test'])
plt.show()

# %% ascent
layer_name = 'conv2d_3'
number_of_filters = 64
visualized_feature = []

trunk = keras.models.Model(i0, model.get_layer(layer_name).output)

@tf.function
def gradient_of(img, j):
    with tf.GradientTape() as tape:
        tape.watch(img)
        a = tf.reduce_mean(trunk(img, training=False)[..., j])
    return a, tape.gradient(a, img)

for j in range(number_of_filters):
    img = tf.convert_to_tensor(np.random.uniform(size=(1, 28, 28, 1)), dtype=tf.float32)
    track = []
    # j as a tensor, otherwise it compiles again for each filter
    jj = tf.constant(j)
    for _ in range(gradient_updates):
        a, g = gradient_of(img, jj)
        img = img + step_size * normalize(g)
        track.append(float(a))
    visualized_feature.append(img.numpy())
    if j in (0, 1, 2):
        print(j, ['%.2f' % v for v in track[::10]])

# %% plot
figure = plt.figure(figsize=(13, 13))
for j in range(number_of_filters):
    plt.subplot(8, 8, j + 1)
    plt.imshow(deprocess_image(visualized_feature[j].copy()).reshape(28, 28), cmap='gray')
    plt.title('feature {}'.format(j), size=8)
    plt.axis('off')
plt.show()
